package io.millrace.jobs.cli.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.engine.LoadedModel;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.backend.KvType;
import io.millrace.jobs.cli.CommandFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench engine}: how fast a model reads prompts and writes answers, by batch size. */
@Command(
    name = "engine",
    description = {
      "Measure the engine on a model: tokens per second of reading prompts and of writing answers,"
          + " time to first token, memory.",
      "A batch of distinct random prompts is submitted at once; each is answered with a fixed"
          + " number of tokens, whatever the model says. The median of the repeats counts, after a"
          + " warm-up."
    })
public final class EngineCommand implements Callable<Integer> {
  private static final int BATCH_MAX = 1024;
  private static final int TOKENS_MAX = 1_000_000;
  private static final int REPEATS_MAX = 100;
  private static final int THREADS_MAX = 256;
  private static final int WARM_UP_S_MAX = 600;

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description = "GGUF file (the first of split ones), or a Hugging Face folder.")
  private Path model;

  @Option(
      names = "--batch",
      split = ",",
      defaultValue = "1,4,8,16,32",
      paramLabel = "N",
      description = "Sequences at once. Default: ${DEFAULT-VALUE}")
  private List<Integer> batches;

  @Option(
      names = "--prompt",
      defaultValue = "128",
      paramLabel = "N",
      description = "Tokens of each prompt. Default: ${DEFAULT-VALUE}")
  private int promptTokens;

  @Option(
      names = "--tokens",
      defaultValue = "64",
      paramLabel = "N",
      description = "Tokens of each answer, at least 2. Default: ${DEFAULT-VALUE}")
  private int outputTokens;

  @Option(
      names = "--kv",
      defaultValue = "f32",
      paramLabel = "TYPE",
      description = "Keys and values in the cache, ${COMPLETION-CANDIDATES}. Default: f32")
  private KvType kvType;

  @Option(
      names = "--threads",
      defaultValue = "0",
      paramLabel = "N",
      description = "Default: the machine's cores")
  private int threads;

  @Option(
      names = "--repeats",
      defaultValue = "3",
      paramLabel = "N",
      description = "Measurements of each batch size. Default: ${DEFAULT-VALUE}")
  private int repeats;

  @Option(
      names = "--warm-up",
      defaultValue = "10",
      paramLabel = "S",
      description = "Seconds at most before the first measurement. Default: ${DEFAULT-VALUE}")
  private int warmUpSeconds;

  @Option(
      names = "--backend",
      defaultValue = "auto",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}")
  private BackendKind backend;

  @Option(
      names = "--device",
      defaultValue = "0",
      description = "Which GPU, from 0. Default: ${DEFAULT-VALUE}")
  private int device;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there, too.")
  private Path json;

  @Override
  public Integer call() {
    batches.forEach(batch -> check("--batch", batch, 1, BATCH_MAX));
    check("--prompt", promptTokens, 1, TOKENS_MAX);
    check("--tokens", outputTokens, 2, TOKENS_MAX);
    check("--repeats", repeats, 1, REPEATS_MAX);
    check("--warm-up", warmUpSeconds, 0, WARM_UP_S_MAX);
    check("--threads", threads, 0, THREADS_MAX);
    int computing = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    List<EngineMeasurement.Result> results = measure(computing);
    if (json != null) {
      write(computing, results);
    }
    return 0;
  }

  private static void check(String option, int value, int min, int max) {
    if (value < min || value > max) {
      throw CommandFailure.wrongUse(option + " is " + value + ", must be " + min + " to " + max);
    }
  }

  private List<EngineMeasurement.Result> measure(int computing) {
    PrintWriter out = spec.commandLine().getOut();
    List<EngineMeasurement.Result> results = new ArrayList<>();
    try (LoadedModel loaded = LoadedModel.load(model, backend, device)) {
      int context = loaded.config().contextLength();
      if (promptTokens + outputTokens > context) {
        throw CommandFailure.failed(
            "prompt and answer have "
                + (promptTokens + outputTokens)
                + " tokens, the model's context "
                + context);
      }
      EngineMeasurement measurement =
          new EngineMeasurement(
              loaded, promptTokens, outputTokens, computing, kvType, System::nanoTime);
      out.printf(
          "%s, %s, %d threads, prompts of %d tokens, answers of %d%n",
          model.getFileName(), loaded.backendName(), computing, promptTokens, outputTokens);
      out.printf(
          "%6s %16s %16s %10s %10s%n",
          "batch", "prefill tok/s", "decode tok/s", "ttft ms", "peak MB");
      out.flush();
      long warmUntil = System.nanoTime() + 1_000_000_000L * warmUpSeconds;
      for (int batch : batches) {
        EngineMeasurement.Result result = measurement.run(batch, repeats, warmUntil);
        results.add(result);
        out.printf(
            Locale.ROOT,
            "%6d %16.1f %16.1f %10.1f %10.1f%n",
            result.batch(),
            result.prefillTokensPerSecond(),
            result.decodeTokensPerSecond(),
            result.ttftMs(),
            result.peakMb());
        out.flush();
      }
    } catch (NoSuchFileException e) {
      throw CommandFailure.failed("no such file: " + model, e);
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      throw CommandFailure.failed(e.getMessage(), e);
    }
    out.println(
        "peak MB: the most memory of the whole process until then, as the system counts it");
    out.flush();
    return results;
  }

  private void write(int computing, List<EngineMeasurement.Result> results) {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.put("model", String.valueOf(model.getFileName()));
    root.put("threads", computing);
    root.put("kv", kvType.name().toLowerCase(Locale.ROOT));
    ArrayNode rows = root.putArray("rows");
    for (EngineMeasurement.Result result : results) {
      ObjectNode row = rows.addObject();
      row.put("batch", result.batch());
      row.put("prefill_tokens_per_s", result.prefillTokensPerSecond());
      row.put("decode_tokens_per_s", result.decodeTokensPerSecond());
      row.put("ttft_ms", result.ttftMs());
      row.put("peak_mb", result.peakMb());
    }
    ResultFile.write(json, root);
  }
}
