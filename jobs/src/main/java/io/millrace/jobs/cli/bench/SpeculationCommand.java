package io.millrace.jobs.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.engine.Engine;
import io.millrace.engine.EngineConfig;
import io.millrace.engine.LoadedModel;
import io.millrace.engine.Speculation;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.tokenizer.ChatMessage;
import io.millrace.engine.tokenizer.ChatTemplateException;
import io.millrace.jobs.cli.CommandFailure;
import io.millrace.jobs.cli.Installation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench speculation}: how much sooner answers come with a draft model. */
@Command(
    name = "speculation",
    description = {
      "Measure what speculation gains: two engines, without and with a draft, in turns on the same"
          + " held-out messages, in one process.",
      "The speedup is the median over the pairs of the ratio of decode times, from the first token"
          + " of the batch's last sequence to the end of all; in brackets with the prompts. All"
          + " tokens are compared. Exit 1 if they differ."
    })
public final class SpeculationCommand implements Callable<Integer> {
  private static final Duration WARM_UP = Duration.ofSeconds(8);
  private static final int BLOCK_TOKENS = 16;
  private static final int STEP_TOKENS = 512;
  private static final int BATCH_MAX = 1024;

  @Spec private CommandSpec spec;

  @Option(names = "--model", paramLabel = "M.gguf", description = "Default: the shipped model")
  private Path model;

  @Option(
      names = "--draft",
      paramLabel = "D.gguf",
      description = "Default: the shipped model's draft")
  private Path draft;

  @Option(
      names = "--batch",
      split = ",",
      paramLabel = "N",
      defaultValue = "1,2,4,8,16,32",
      description = "Sequences at once. Default: ${DEFAULT-VALUE}")
  private List<Integer> batches;

  @Option(
      names = "--pairs",
      defaultValue = "9",
      paramLabel = "N",
      description = "Pairs of runs for each batch size. Default: ${DEFAULT-VALUE}")
  private int pairs;

  @Option(
      names = "--temperature",
      defaultValue = "0",
      paramLabel = "T",
      description = "Default: ${DEFAULT-VALUE}")
  private float temperature;

  @Option(
      names = "--tokens",
      defaultValue = "64",
      paramLabel = "N",
      description = "Most tokens of an answer. Default: ${DEFAULT-VALUE}")
  private int tokensMax;

  @Option(
      names = "--draft-tokens",
      defaultValue = "12",
      paramLabel = "N",
      description = "Most tokens of a draft. Default: ${DEFAULT-VALUE}")
  private int draftTokens;

  @Option(names = "--threads", defaultValue = "0", description = "Default: the machine's cores")
  private int threads;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there, too.")
  private Path json;

  @Override
  public Integer call() {
    check();
    Path target = model == null ? Installation.model() : model;
    Path drafting = draft == null ? Installation.draft() : draft;
    try (LoadedModel loaded = LoadedModel.load(target, BackendKind.AUTO);
        LoadedModel loadedDraft = LoadedModel.load(drafting, BackendKind.AUTO)) {
      return measure(loaded, loadedDraft) ? 0 : 1;
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      throw CommandFailure.failed(e.getMessage(), e);
    }
  }

  private void check() {
    if (batches.stream().anyMatch(batch -> batch < 1 || batch > BATCH_MAX)) {
      throw CommandFailure.wrongUse("--batch: sizes are 1 to " + BATCH_MAX);
    }
    if (pairs < 1 || tokensMax < 1) {
      throw CommandFailure.wrongUse("--pairs and --tokens must be at least 1");
    }
  }

  private boolean measure(LoadedModel loaded, LoadedModel loadedDraft) throws IOException {
    List<int[]> prompts = prompts(loaded);
    int sequences = batches.stream().mapToInt(Integer::intValue).max().getAsInt();
    int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().getAsInt();
    int context = Math.min(loaded.config().contextLength(), longest + tokensMax);
    EngineConfig config =
        EngineConfig.of(
                sequences,
                Math.max(STEP_TOKENS, sequences),
                sequences,
                sequences * (context / BLOCK_TOKENS + 1),
                BLOCK_TOKENS,
                context,
                threads > 0 ? threads : Runtime.getRuntime().availableProcessors())
            .withPrefixCache(false);
    Speculation speculation = Speculation.adaptive(Speculation.Method.DRAFT_MODEL, draftTokens);
    List<SpeculationBench.Row> rows = new ArrayList<>();
    PrintWriter out = spec.commandLine().getOut();
    // Kernels are compiled for both by the first's warm-up: they are the same.
    try (Engine speculating =
            loaded.warmEngine(config.withSpeculation(speculation), loadedDraft, WARM_UP);
        Engine plain = loaded.engine(config)) {
      SpeculationBench bench =
          new SpeculationBench(plain, speculating, prompts, temperature, tokensMax);
      for (int batch : batches) {
        SpeculationBench.Row row = bench.measure(batch, pairs);
        rows.add(row);
        print(row, out);
      }
    }
    boolean identical = rows.stream().allMatch(SpeculationBench.Row::identical);
    out.println(identical ? "all tokens identical" : "TOKENS DIFFER");
    out.flush();
    if (json != null) {
      write(identical, rows);
    }
    return identical;
  }

  private static void print(SpeculationBench.Row row, PrintWriter out) {
    out.printf(
        Locale.ROOT,
        "batch %3d  %5.2fx (%.2fx) of %6.0f tokens/s  acceptance %.3f  accepted per draft %5.2f"
            + "  drafts per token %.3f%n",
        row.batch(),
        row.speedup(),
        row.speedupTotal(),
        row.plainTokensPerSecond(),
        row.acceptance(),
        row.meanAccepted(),
        row.draftsPerToken());
    out.flush();
  }

  private void write(boolean identical, List<SpeculationBench.Row> rows) {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode result = mapper.createObjectNode();
    result.put("identical", identical);
    for (SpeculationBench.Row row : rows) {
      result
          .withArray("rows")
          .addObject()
          .put("batch", row.batch())
          .put("speedup", row.speedup())
          .put("speedup_with_prompts", row.speedupTotal())
          .put("plain_tokens_per_s", row.plainTokensPerSecond())
          .put("acceptance", row.acceptance())
          .put("mean_accepted", row.meanAccepted())
          .put("drafts_per_token", row.draftsPerToken());
    }
    ResultFile.write(json, result);
  }

  /** The held-out messages, as the model's chat template has them. */
  private static List<int[]> prompts(LoadedModel loaded) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<int[]> prompts = new ArrayList<>();
    for (String line : Files.readAllLines(Installation.heldOutMessages())) {
      JsonNode record = mapper.readTree(line);
      List<ChatMessage> messages = new ArrayList<>();
      if (record.has("system")) {
        messages.add(new ChatMessage("system", record.get("system").asText()));
      }
      messages.add(new ChatMessage("user", record.get("message").asText()));
      try {
        prompts.add(loaded.prompts().encode(messages));
      } catch (ChatTemplateException e) {
        throw CommandFailure.failed(e.getMessage(), e);
      }
    }
    return prompts;
  }
}
