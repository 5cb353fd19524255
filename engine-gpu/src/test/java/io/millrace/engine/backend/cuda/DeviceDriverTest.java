package io.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.BackendKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Where there is no GPU, one line says so, and {@code auto} computes on the CPU. */
@EnabledOnOs(OS.LINUX)
class DeviceDriverTest {

  @Test
  void whatTheLoaderSaidIsPassedOn() {
    String tried =
        """
        Error while loading native library "JCudaDriver"
        java.lang.UnsatisfiedLinkError: no JCudaDriver in java.library.path: /lib
        java.lang.UnsatisfiedLinkError: /tmp/libJCudaDriver.so: %s
        \tat java.base/java.lang.System.load(Unknown Source)
        """;
    assertThat(missing(tried, "libcuda.so.1: cannot open shared object file"))
        .isEqualTo("no NVIDIA driver: libcuda.so.1 is not on this machine");
    for (String reason :
        List.of("libstdc++.so.6: cannot open shared object file", "libcuda.so.1: file too short")) {
      assertThat(missing(tried, reason)).endsWith(": /tmp/libJCudaDriver.so: " + reason);
    }
  }

  private static String missing(String tried, String reason) {
    return JCudaNatives.missing(new UnsatisfiedLinkError(tried.formatted(reason)));
  }

  @Test
  void withoutADriverOneLineSaysSo() throws Exception {
    assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "there is an NVIDIA driver");
    String before = System.getProperty("java.io.tmpdir");
    for (int i = 0; i < 2; i++) { // the second does not try again
      assertThatThrownBy(() -> BackendKind.CUDA.open(1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("no ")
          .hasMessageNotContaining("\n");
    }
    try (Backend backend = BackendKind.AUTO.open(1)) {
      assertThat(backend.name()).startsWith("cpu");
    }
    assertThat(BackendKind.AUTO.resolve(0)).isEqualTo(BackendKind.AUTO);
    assertThat(System.getProperty("java.io.tmpdir")).isEqualTo(before);
    try (Stream<Path> left = Files.list(Path.of(before))) {
      assertThat(left).noneMatch(path -> path.getFileName().toString().startsWith("millrace-cuda"));
    }
  }
}
