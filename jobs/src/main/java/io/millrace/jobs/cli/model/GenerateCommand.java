package io.millrace.jobs.cli.model;

import io.millrace.engine.Engine;
import io.millrace.engine.EngineConfig;
import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.LoadedModel;
import io.millrace.engine.RequestRejectedException;
import io.millrace.engine.ResponseFormat;
import io.millrace.engine.SamplingParams;
import io.millrace.engine.Speculation;
import io.millrace.engine.TokenOutput;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.model.GuidedModel;
import io.millrace.engine.tokenizer.ChatMessage;
import io.millrace.engine.tokenizer.ChatTemplateException;
import io.millrace.jobs.cli.CommandFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code generate}: one answer from a model file, as it is written. */
@Command(
    name = "generate",
    description = "Answer one prompt with a model file, without broker or cluster.")
public final class GenerateCommand implements Callable<Integer> {
  private static final int BLOCK_TOKENS = 16;
  private static final int DRAFT_TOKENS_MAX = 12;

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "MODEL",
      description = "GGUF file (the first of split ones), or a Hugging Face folder.")
  private Path model;

  @Option(
      names = "--draft",
      paramLabel = "D.gguf",
      description =
          "A smaller model of the same vocabulary, which drafts tokens: faster, the same.")
  private Path draft;

  @ArgGroup(multiplicity = "1")
  private Input input;

  private static final class Input {
    @Option(
        names = "--prompt",
        paramLabel = "TEXT",
        description = "A user's message, put through the model's chat template.")
    private String prompt;

    @Option(names = "--prompt-file", paramLabel = "F", description = "The same from a file.")
    private Path promptFile;

    @Option(
        names = "--raw",
        paramLabel = "TEXT",
        description = "Text to go on with, as it is; special tokens may be spelled out.")
    private String raw;

    @Option(
        names = "--tokens",
        paramLabel = "1,2,3",
        split = ",",
        description = "Token ids to go on with.")
    private List<Integer> tokens;
  }

  @Option(names = "--system", paramLabel = "TEXT", description = "A system message before it.")
  private String system;

  @Option(
      names = {"--max-tokens", "--steps"},
      defaultValue = "512",
      description = "Tokens to write at most. Default: ${DEFAULT-VALUE}")
  private int maxTokens;

  @Option(
      names = "--temperature",
      defaultValue = "0",
      description = "0, the default, takes the most likely token each time.")
  private float temperature;

  @Option(names = "--greedy", description = "The same as --temperature 0.")
  private boolean greedy;

  @Option(names = "--top-k", defaultValue = "0", description = "Default: all")
  private int topK;

  @Option(names = "--top-p", defaultValue = "1", description = "Default: ${DEFAULT-VALUE}")
  private float topP;

  @Option(names = "--min-p", defaultValue = "0", description = "Default: ${DEFAULT-VALUE}")
  private float minP;

  @Option(
      names = "--repetition-penalty",
      defaultValue = "1",
      description = "Default: ${DEFAULT-VALUE}")
  private float repetitionPenalty;

  @Option(names = "--seed", defaultValue = "0", description = "Default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(names = "--stop", description = "Ends the answer; can be given several times.")
  private List<String> stop = List.of();

  @ArgGroup private Format format;

  private static final class Format {
    @Option(
        names = "--json-schema",
        paramLabel = "F",
        description = "File of a JSON schema that the answer follows.")
    private Path jsonSchema;

    @Option(names = "--json-object", description = "The answer is a JSON object.")
    private boolean jsonObject;

    @Option(
        names = "--regex",
        paramLabel = "R",
        description = "A regular expression that matches the whole answer.")
    private String regex;

    @Option(
        names = "--choice",
        paramLabel = "A,B",
        split = ",",
        description = "The answer is one of these.")
    private List<String> choice;

    private ResponseFormat read() {
      if (jsonSchema != null) {
        return new ResponseFormat.JsonSchema(ModelFiles.text(jsonSchema));
      }
      if (regex != null) {
        return new ResponseFormat.Regex(regex);
      }
      return jsonObject ? new ResponseFormat.JsonObject() : new ResponseFormat.Choice(choice);
    }
  }

  @Option(names = "--ignore-eos", description = "Go on past the model's end token.")
  private boolean ignoreEos;

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

  @Option(
      names = "--kv",
      defaultValue = "f32",
      paramLabel = "TYPE",
      description = "Keys and values in the cache, ${COMPLETION-CANDIDATES}. Default: f32")
  private KvType kvType;

  @Option(names = "--threads", defaultValue = "0", description = "Default: the machine's cores")
  private int threads;

  @Option(names = "--print-tokens", description = "Print token ids, on one line, and no text.")
  private boolean printTokens;

  @Option(
      names = "--logits",
      paramLabel = "FILE",
      description = {
        "Write the logits of every step: float32, little-endian, [steps][vocabulary].",
        "Implies --greedy and --ignore-eos."
      })
  private Path logits;

  @Option(
      names = "--force-tokens",
      paramLabel = "FILE",
      description = {
        "Go on with this file's token ids, one a step, whatever the model chooses;",
        "--print-tokens still prints the model's own choices. Implies what --logits does."
      })
  private Path forceTokens;

  @Option(
      names = "--chunk",
      defaultValue = "512",
      paramLabel = "N",
      description = "Prompt tokens computed at once, at most. Default: ${DEFAULT-VALUE}")
  private int chunk;

  @Option(
      names = "--context",
      defaultValue = "0",
      paramLabel = "N",
      description = "Most tokens of prompt and answer together. Default: the model's")
  private int contextMax;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    try (LoadedModel loaded =
        ModelFiles.open(model, () -> LoadedModel.load(model, backend, device))) {
      int[] prompt = prompt(loaded);
      if (logits == null && forceTokens == null) {
        answer(loaded, prompt, out);
      } else {
        trace(loaded, prompt, out);
      }
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw CommandFailure.failed(e.getMessage(), e);
    }
    out.flush();
    return 0;
  }

  private void answer(LoadedModel loaded, int[] prompt, PrintWriter out) {
    EngineConfig config = config(loaded, prompt.length);
    if (draft == null) {
      try (Engine engine = loaded.engine(config)) {
        print(run(engine, prompt, out), out);
      }
      return;
    }
    Speculation speculation =
        Speculation.adaptive(Speculation.Method.DRAFT_MODEL, DRAFT_TOKENS_MAX);
    try (LoadedModel drafting =
            ModelFiles.open(draft, () -> LoadedModel.load(draft, backend, device));
        Engine engine = loaded.engine(config.withSpeculation(speculation), drafting)) {
      print(run(engine, prompt, out), out);
    }
  }

  private EngineConfig config(LoadedModel loaded, int promptLength) {
    int model = loaded.config().contextLength();
    int context = contextMax > 0 ? Math.min(contextMax, model) : model;
    int blocks = (int) (Math.min(context, (long) promptLength + maxTokens) / BLOCK_TOKENS) + 1;
    int computing = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    return EngineConfig.of(1, Math.min(chunk, context), 1, blocks, BLOCK_TOKENS, context, computing)
        .withKvType(kvType);
  }

  /** Answers step by step, with the logits of each to a file or the tokens of each from one. */
  private void trace(LoadedModel loaded, int[] prompt, PrintWriter out) throws IOException {
    if (draft != null) {
      throw CommandFailure.wrongUse("--logits and --force-tokens go without --draft");
    }
    if (temperature != 0 && !greedy) {
      throw CommandFailure.wrongUse("--logits and --force-tokens need --temperature 0");
    }
    greedy = true;
    ignoreEos = true;
    stop = List.of();
    repetitionPenalty = 1; // the engine sees the choices, not the logits
    EngineConfig config = config(loaded, prompt.length);
    if ((long) prompt.length + maxTokens > config.contextTokensMax()) {
      throw CommandFailure.failed(
          "%d tokens of prompt and %d steps do not fit the context of %d"
              .formatted(prompt.length, maxTokens, config.contextTokensMax()));
    }
    try (LogitsTrace trace =
        new LogitsTrace(logits, forceTokens, maxTokens, loaded.config().vocabSize())) {
      try (Engine engine = loaded.engine(config, model -> new GuidedModel(model, trace))) {
        run(engine, prompt, out);
      }
      print(trace.greedy(), out);
    }
  }

  /** The end of the output: the ids, if they are wanted. */
  private void print(List<Integer> ids, PrintWriter out) {
    out.println(
        printTokens ? ids.stream().map(Object::toString).collect(Collectors.joining(" ")) : "");
  }

  /** Prints the text as it comes, if that is wanted, and returns the ids. */
  private List<Integer> run(Engine engine, int[] prompt, PrintWriter out) {
    try {
      engine.submit(new GenerationRequest("prompt", prompt, sampling()));
    } catch (RequestRejectedException e) {
      throw CommandFailure.failed(e.getMessage(), e);
    }
    List<Integer> ids = new ArrayList<>();
    while (engine.hasWork()) {
      for (GenerationUpdate update : engine.step()) {
        if (update.finishReason() == FinishReason.ERROR) {
          throw CommandFailure.failed(update.error());
        }
        update.tokens().stream().map(TokenOutput::id).forEach(ids::add);
        if (!printTokens) {
          out.print(update.text());
          out.flush();
        }
      }
    }
    return ids;
  }

  private int[] prompt(LoadedModel loaded) {
    if (input.tokens != null) {
      int[] ids = input.tokens.stream().mapToInt(Integer::intValue).toArray();
      if (IntStream.of(ids).anyMatch(id -> id < 0 || id >= loaded.config().vocabSize())) {
        throw CommandFailure.wrongUse(
            "--tokens: ids are 0 to " + (loaded.config().vocabSize() - 1));
      }
      return ids;
    }
    if (input.raw != null) {
      return loaded.tokenizer().encode(input.raw, true);
    }
    List<ChatMessage> messages = new ArrayList<>();
    if (system != null) {
      messages.add(new ChatMessage("system", system));
    }
    messages.add(
        new ChatMessage(
            "user", input.prompt != null ? input.prompt : ModelFiles.text(input.promptFile)));
    try {
      return loaded.prompts().encode(messages);
    } catch (ChatTemplateException e) {
      throw CommandFailure.failed(e.getMessage(), e);
    }
  }

  private SamplingParams sampling() {
    return new SamplingParams(
            greedy ? 0 : temperature,
            topK,
            topP,
            minP,
            repetitionPenalty,
            seed,
            maxTokens,
            stop,
            -1,
            ignoreEos)
        .withFormat(format == null ? null : format.read());
  }
}
