package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** {@code generate --backend} where there is no GPU. */
@EnabledOnOs(OS.LINUX)
class GenerateBackendTest {
  private static final Path MODEL = Path.of("../engine-gpu/models/tickets-draft-q8_0.gguf");

  @BeforeEach
  void needsAMachineWithoutAGpu() {
    assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "needs a machine without a GPU");
  }

  @Test
  void cudaEndsWithOneLine() {
    CommandRun run = generate("cuda");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).singleElement().asString().startsWith("millrace: no ");
  }

  @Test
  void autoComputesOnTheProcessor() {
    CommandRun run = generate("auto");
    assertThat(run).isEqualTo(generate("cpu"));
    assertThat(run.exitCode()).isZero();
    assertThat(run.err()).isEqualTo(List.of());
  }

  private static CommandRun generate(String backend) {
    return CommandRun.of(
        new FakeModels(null),
        "generate",
        "--model",
        MODEL,
        "--backend",
        backend,
        "--threads",
        1,
        "--steps",
        4,
        "--prompt",
        "hello");
  }
}
