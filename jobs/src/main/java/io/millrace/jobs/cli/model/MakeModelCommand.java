package io.millrace.jobs.cli.model;

import io.millrace.engine.convert.ModelShape;
import io.millrace.engine.convert.RandomModel;
import io.millrace.engine.convert.WidenedModel;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.jobs.cli.CommandFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code make-model}: a model file with random weights, or a trained one made wider. */
@Command(
    name = "make-model",
    description = {
      "Make a model file of any shape with random weights, to measure speed and compare runtimes.",
      "All matrices are of one type, where their rows are whole blocks of it. Its vocabulary is"
          + " made up, and spells any text.",
      "With --widen: a trained model made wider without changing what it says, with everything in"
          + " it so many times: large as others are, for measuring speculation."
    })
public final class MakeModelCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--arch",
      defaultValue = "llama",
      description = "llama, qwen2, qwen3, gemma2, gemma3, phi3, bitnet. Default: ${DEFAULT-VALUE}")
  private String architecture;

  @Option(names = "--dim", paramLabel = "D", description = "Model width.")
  private Integer dim;

  @Option(names = "--layers", paramLabel = "L", description = "Layers.")
  private Integer layers;

  @Option(names = "--heads", paramLabel = "H", description = "Query heads.")
  private Integer heads;

  @Option(names = "--kv-heads", paramLabel = "K", description = "Default: as many as heads")
  private Integer kvHeads;

  @Option(names = "--head-dim", paramLabel = "N", description = "Default: dim / heads")
  private Integer headDim;

  @Option(names = "--ffn", paramLabel = "F", description = "Feed-forward width.")
  private Integer ffn;

  @Option(names = "--vocab", paramLabel = "V", description = "Tokens.")
  private Integer vocab;

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

  @Option(
      names = "--widen",
      paramLabel = "F",
      description = "Make SRC.gguf so many times as wide: 2, 4, 8, ..., 64.")
  private Integer widen;

  @Parameters(
      arity = "1..2",
      paramLabel = "[SRC.gguf] OUT.gguf",
      hideParamSyntax = true,
      description = "File to write; before it, with --widen, the model to read.")
  private List<Path> files;

  /** Writes the file. */
  @FunctionalInterface
  private interface Making {
    void write(Path out, ExecutorService executor, Consumer<String> note) throws IOException;
  }

  @Override
  public Integer call() throws IOException {
    if (widen != null) {
      return widen();
    }
    if (files.size() != 1) {
      throw CommandFailure.wrongUse("two files are for --widen; random weights need one, OUT.gguf");
    }
    RandomModel model = model();
    make(files.get(0), model::write, String.format("%,d parameters", model.parameters()));
    return 0;
  }

  private int widen() throws IOException {
    if (files.size() != 2) {
      throw CommandFailure.wrongUse("--widen needs two files, SRC.gguf and OUT.gguf");
    }
    WidenedModel widened;
    try {
      widened = new WidenedModel(widen, type);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.wrongUse("--widen, --type: " + e.getMessage());
    }
    Path out = files.get(1);
    try (ModelSource source = ModelFiles.source(files.get(0))) {
      if (Files.exists(out) && Files.isSameFile(files.get(0), out)) {
        throw CommandFailure.wrongUse("SRC and OUT are the same file");
      }
      make(
          out,
          (path, executor, note) -> widened.write(source, path, executor, note),
          widen + " times as wide as " + files.get(0));
    }
    return 0;
  }

  private void make(Path out, Making making, String what) {
    PrintWriter err = spec.commandLine().getErr();
    ExecutorService executor = Executors.newFixedThreadPool(ModelFiles.threads(threads));
    try {
      making.write(out, executor, err::println);
      err.printf("%s: %s, %,d bytes%n", out, what, Files.size(out));
    } catch (GgufFormatException e) {
      throw CommandFailure.failed(e.getMessage(), e);
    } catch (IOException e) {
      throw ModelFiles.unwritable(out, e);
    } finally {
      executor.shutdownNow();
      err.flush();
    }
  }

  private RandomModel model() {
    require("--dim", dim);
    require("--layers", layers);
    require("--heads", heads);
    require("--ffn", ffn);
    require("--vocab", vocab);
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

  private static void require(String option, Integer value) {
    if (value == null) {
      throw CommandFailure.wrongUse("Missing required option: '" + option + "'");
    }
  }
}
