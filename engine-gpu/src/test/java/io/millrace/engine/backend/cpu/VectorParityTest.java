package io.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.BackendParity;
import io.millrace.engine.backend.Tensor;
import io.millrace.engine.gguf.GgmlType;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The vector backend against the scalar one: its products are the same, to the bit. */
class VectorParityTest extends BackendParity {

  @Override
  protected Backend open() {
    return CpuBackends.vector(2);
  }

  @Override
  protected void fill(Backend backend, Tensor tensor, float[] x) {
    CpuTensors.fill(tensor, x);
  }

  @Override
  protected void assertProducts(float[] expected, float[] actual) {
    assertThat(actual).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("quantisedTypes")
  void weightsTakeAboutAsMuchMemoryAsTheirFile(GgmlType type) throws IOException {
    // Two ternary digits in four bits, where the file has five in eight; bytes for tables.
    double most =
        switch (type) {
          case TQ1_0 -> 1.23;
          case IQ4_NL, IQ4_XS -> 2.0;
          default -> 1.07;
        };
    Tensor tensor = tested.weight("test", type, 64, 512, (offset, into, length) -> {});
    assertThat((double) tensor.bytes()).isLessThan(most * type.bytes(64 * 512));
  }
}
