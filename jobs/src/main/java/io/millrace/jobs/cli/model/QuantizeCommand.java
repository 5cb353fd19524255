package io.millrace.jobs.cli.model;

import io.millrace.engine.convert.Quantizer;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.jobs.cli.CommandFailure;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
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

/** {@code quantize}: a model file with smaller weights. */
@Command(
    name = "quantize",
    description = {
      "Write a model again with its weights in another type.",
      "Matrices get the type, or one with smaller blocks where their rows are not whole blocks of"
          + " it. The output matrix (the token embeddings, where there is no other) gets Q6_K if"
          + " the type is coarser. Norms and biases become F32."
    })
public final class QuantizeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "IN.gguf", description = "Model to read.")
  private Path in;

  @Parameters(index = "1", paramLabel = "OUT.gguf", description = "File to write.")
  private Path out;

  @Option(
      names = "--type",
      required = true,
      paramLabel = "T",
      description =
          "Q8_0, Q4_0, Q4_K, Q6_K, TQ2_0, F16, BF16, F32; also Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q5_K,"
              + " TQ1_0, MXFP4.")
  private GgmlType type;

  @Option(names = "--pure", description = "The output matrix and token embeddings, too.")
  private boolean pure;

  @Option(names = "--threads", defaultValue = "0", description = "Default: the machine's cores")
  private int threads;

  @Override
  public Integer call() throws IOException {
    Quantizer quantizer = quantizer();
    try (ModelSource source = ModelFiles.source(in)) {
      if (Files.exists(out) && Files.isSameFile(in, out)) {
        throw CommandFailure.wrongUse("IN and OUT are the same file");
      }
      write(quantizer, source);
    }
    return 0;
  }

  private void write(Quantizer quantizer, ModelSource source) {
    PrintWriter err = spec.commandLine().getErr();
    ExecutorService executor = Executors.newFixedThreadPool(ModelFiles.threads(threads));
    try {
      quantizer.write(source, out, executor, err::println);
      err.printf("%s: %,d bytes, %s: %,d bytes%n", in, source.bytes(), out, Files.size(out));
    } catch (FileSystemException e) {
      throw ModelFiles.unwritable(out, e);
    } catch (IOException e) {
      throw CommandFailure.failed(e.getMessage(), e);
    } finally {
      executor.shutdownNow();
      err.flush();
    }
  }

  private Quantizer quantizer() {
    try {
      return new Quantizer(type, pure);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.wrongUse(e.getMessage());
    }
  }
}
