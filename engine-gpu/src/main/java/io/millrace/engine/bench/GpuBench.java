package io.millrace.engine.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.millrace.engine.backend.BackendKind;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The program: measures what {@link BenchOptions} say, or, given {@code table FILE}, writes the
 * results in a file as a Markdown table. Exits with 1 and one line if there is no such device or
 * file, or if a measurement failed (its row says why, the others stand), with 2 if it is used
 * wrongly.
 */
public final class GpuBench {
  private static final int FAILED = 1;
  private static final int WRONG_USE = 2;

  private final BenchOptions options;
  private final PrintWriter out;

  private GpuBench(BenchOptions options, PrintWriter out) {
    this.options = options;
    this.out = out;
  }

  /** Runs the program and ends the process. */
  public static void main(String[] args) {
    PrintWriter out = new PrintWriter(System.out, true, UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, UTF_8);
    System.exit(run(Arrays.asList(args), out, err));
  }

  /**
   * Runs the program.
   *
   * @return its exit status
   */
  public static int run(List<String> arguments, PrintWriter out, PrintWriter err) {
    try {
      if (arguments.size() == 2 && arguments.get(0).equals("table")) {
        out.print(MarkdownTable.of(BenchResults.read(Path.of(arguments.get(1)))));
      } else {
        new GpuBench(BenchOptions.parse(arguments), out).measure();
      }
      out.flush();
      return 0;
    } catch (IllegalArgumentException e) {
      err.println("gpu-bench: " + e.getMessage());
      return WRONG_USE;
    } catch (IllegalStateException e) {
      err.println("gpu-bench: " + e.getMessage());
      return FAILED;
    } catch (IOException e) {
      err.println("gpu-bench: " + e.getClass().getSimpleName() + ": " + e.getMessage());
      return FAILED;
    }
  }

  private void measure() throws IOException {
    BenchDevice device = BenchDevice.open(options.backend(), options.device());
    out.printf(
        Locale.ROOT,
        "%s, %s: copies at %.1f GB/s; peak %s%n",
        device.name(),
        device.kind(),
        device.roofline().bytesPerSecond() / 1e9,
        device.roofline().peak().map(Object::toString).orElse("not known: memory alone counts"));
    if (device.kind() == BackendKind.CUDA && device.roofline().peak().isEmpty()) {
      out.println("limits of prompts are too high: this device's peak is not known");
    }
    out.flush();
    BenchLog log = new BenchLog(new BenchResults(options.results(), out), device.name());
    StepPart steps = new StepPart(options, device, log);
    EnginePart engines = new EnginePart(options, device, log);
    for (String part : options.parts()) {
      for (BenchModel model : options.models()) {
        log.attempt(
            model,
            part,
            0,
            "",
            () -> {
              switch (part) {
                case "steps" -> steps.steps(model);
                case "launch" -> steps.launches(model);
                case "speculation" -> engines.speculation(model);
                default -> engines.batching(model);
              }
            });
      }
    }
    if (log.failed() > 0) {
      throw new IllegalStateException(
          "measurements that failed: " + log.failed() + "; their rows say why");
    }
  }
}
