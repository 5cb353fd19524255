package io.millrace.jobs.cli.model;

import io.millrace.engine.convert.ModelShape;
import io.millrace.engine.convert.RandomModel;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.jobs.cli.CommandFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code make-model}: a model file with random weights. */
@Command(
    name = "make-model",
    description = {
      "Make a model file of any shape with random weights, to measure speed and compare runtimes.",
      "All matrices are of one type, where their rows are whole blocks of it. Its vocabulary is"
          + " made up, and spells any text."
    })
public final class MakeModelCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--arch",
      defaultValue = "llama",
      description = "llama, qwen2, qwen3, gemma2, gemma3, phi3, bitnet. Default: ${DEFAULT-VALUE}")
  private String architecture;

  @Option(names = "--dim", required = true, paramLabel = "D", description = "Model width.")
  private int dim;

  @Option(names = "--layers", required = true, paramLabel = "L", description = "Layers.")
  private int layers;

  @Option(names = "--heads", required = true, paramLabel = "H", description = "Query heads.")
  private int heads;

  @Option(names = "--kv-heads", paramLabel = "K", description = "Default: as many as heads")
  private Integer kvHeads;

  @Option(names = "--head-dim", paramLabel = "N", description = "Default: dim / heads")
  private Integer headDim;

  @Option(names = "--ffn", required = true, paramLabel = "F", description = "Feed-forward width.")
  private int ffn;

  @Option(names = "--vocab", required = true, paramLabel = "V", description = "Tokens.")
  private int vocab;

  @Option(
      names = "--context",
      defaultValue = "4096",
      paramLabel = "N",
      description = "Context length. Default: ${DEFAULT-VALUE}")
  private int context;

  @Option(names = "--tied", description = "The token embeddings are the output matrix, too.")
  private boolean tied;

  @Option(
      names = "--type",
      defaultValue = "Q4_0",
      paramLabel = "T",
      description = "Of the matrices. Default: ${DEFAULT-VALUE}")
  private GgmlType type;

  @Option(names = "--seed", defaultValue = "1", description = "Default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(names = "--threads", defaultValue = "0", description = "Default: the machine's cores")
  private int threads;

  @Parameters(paramLabel = "OUT.gguf", description = "File to write.")
  private Path out;

  @Override
  public Integer call() {
    RandomModel model = model();
    PrintWriter err = spec.commandLine().getErr();
    ExecutorService executor = Executors.newFixedThreadPool(ModelFiles.threads(threads));
    try {
      model.write(out, executor, err::println);
      err.printf("%s: %,d parameters, %,d bytes%n", out, model.parameters(), Files.size(out));
    } catch (IOException e) {
      throw ModelFiles.unwritable(out, e);
    } finally {
      executor.shutdownNow();
      err.flush();
    }
    return 0;
  }

  private RandomModel model() {
    if (heads < 1) {
      throw CommandFailure.wrongUse("heads is " + heads + ", must be 1 or more");
    }
    try {
      ModelShape shape =
          new ModelShape(
              dim,
              layers,
              heads,
              kvHeads == null ? heads : kvHeads,
              headDim == null ? dim / heads : headDim,
              ffn,
              vocab,
              context,
              tied);
      return new RandomModel(architecture, shape, type, seed);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.wrongUse(e.getMessage());
    }
  }
}
