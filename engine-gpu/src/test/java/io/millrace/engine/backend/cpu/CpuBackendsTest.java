package io.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.gguf.GgmlType;
import org.junit.jupiter.api.Test;

class CpuBackendsTest {

  @Test
  void takesVectorsWhereTheModuleIsPresent() {
    try (Backend backend = CpuBackends.fastest(1)) {
      assertThat(backend.name())
          .isEqualTo(CpuBackends.vectorModulePresent() ? "cpu-vector" : "cpu-scalar");
    }
  }

  @Test
  void handsOnWhatIsWrong() {
    assertThatThrownBy(() -> CpuBackends.vector(257))
        .hasMessage("threads is 257, must be 1 to 256");
    try (Backend backend = CpuBackends.fastest(1)) {
      assertThatThrownBy(
              () -> backend.weight("blk.0.attn_q.weight", GgmlType.IQ1_S, 1, 256, (o, b, n) -> {}))
          .hasMessageContaining("blk.0.attn_q.weight is IQ1_S");
    }
  }
}
