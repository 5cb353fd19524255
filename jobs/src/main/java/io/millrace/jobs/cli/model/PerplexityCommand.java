package io.millrace.jobs.cli.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.engine.ModelFile;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.model.Perplexity;
import io.millrace.engine.model.Transformer;
import io.millrace.engine.tokenizer.Tokenizer;
import io.millrace.jobs.cli.CommandFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code perplexity}: how well a model predicts a text. */
@Command(
    name = "perplexity",
    description = {
      "Measure how well a model predicts a text: e to the mean negative log-likelihood of a token.",
      "The definition is llama.cpp's: windows of --context tokens that do not overlap, the first"
          + " token of each replaced by the begin-of-text token where the vocabulary adds one, and"
          + " only the tokens of a window's second half scored."
    })
public final class PerplexityCommand implements Callable<Integer> {
  private static final int BLOCK_TOKENS = 16;
  private static final int CONTEXT_DEFAULT = 512;

  @Spec private CommandSpec spec;

  @Option(names = "--model", required = true, paramLabel = "M.gguf", description = "GGUF file.")
  private Path model;

  @Option(names = "--file", required = true, paramLabel = "TEXT", description = "Text, UTF-8.")
  private Path text;

  @Option(
      names = "--context",
      paramLabel = "N",
      description = "Tokens of a window. Default: 512, or the model's context if that is less")
  private Integer context;

  @Option(
      names = "--backend",
      defaultValue = "auto",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}")
  private BackendKind backend;

  @Option(
      names = "--kv",
      defaultValue = "f32",
      paramLabel = "TYPE",
      description = "Keys and values in the cache, ${COMPLETION-CANDIDATES}. Default: f32")
  private KvType kvType;

  @Option(names = "--threads", defaultValue = "0", description = "Default: the machine's cores")
  private int threads;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there, too.")
  private Path json;

  @Override
  public Integer call() throws IOException {
    String content = ModelFiles.text(text);
    PrintWriter out = spec.commandLine().getOut();
    try (ModelFile file = ModelFiles.open(model, () -> ModelFile.open(model))) {
      int window =
          context != null ? context : Math.min(CONTEXT_DEFAULT, file.config().contextLength());
      Perplexity result = measure(file, content, window);
      out.printf(
          Locale.ROOT,
          "perplexity %.4f +- %.4f (%d tokens in %d windows of %d)%n",
          result.value(),
          result.valueError(),
          result.tokens(),
          result.windows(),
          window);
      out.flush();
      if (json != null) {
        write(result, window);
      }
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw CommandFailure.failed(e.getMessage(), e);
    }
    return 0;
  }

  private Perplexity measure(ModelFile file, String content, int window) throws IOException {
    if (window < Perplexity.CONTEXT_MIN || window > file.config().contextLength()) {
      throw CommandFailure.wrongUse(
          "--context is %d, must be %d to %d, the model's"
              .formatted(window, Perplexity.CONTEXT_MIN, file.config().contextLength()));
    }
    Tokenizer tokenizer = file.tokenizer();
    int bos = tokenizer.addsBos() ? tokenizer.bosToken() : -1;
    int[] tokens = tokenizer.encode(content, false);
    if (bos >= 0) {
      tokens = IntStream.concat(IntStream.of(bos), IntStream.of(tokens)).toArray();
    }
    int blocks = (window + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
    PrintWriter err = spec.commandLine().getErr();
    int windows = tokens.length / window;
    try (Backend device = backend.open(ModelFiles.threads(threads));
        Transformer transformer =
            ModelFiles.open(
                model,
                () ->
                    Transformer.load(
                        file.source(), device, blocks, BLOCK_TOKENS, window, kvType))) {
      return Perplexity.of(
          transformer,
          tokens,
          bos,
          window,
          done -> {
            if (done % Math.max(1, windows / 10) == 0) {
              err.printf("%d of %d windows%n", done, windows);
              err.flush();
            }
          });
    }
  }

  private void write(Perplexity result, int window) {
    ObjectNode root = new ObjectMapper().createObjectNode();
    root.put("model", model.toString());
    root.put("file", text.toString());
    root.put("context", window);
    root.put("kv", kvType.name().toLowerCase(Locale.ROOT));
    root.put("windows", result.windows());
    root.put("tokens", result.tokens());
    root.put("mean_loss", result.meanLoss());
    root.put("perplexity", result.value());
    root.put("perplexity_error", result.valueError());
    try {
      Files.writeString(json, root.toPrettyString() + "\n");
    } catch (IOException e) {
      throw ModelFiles.unwritable(json, e);
    }
  }
}
