package io.millrace.engine.backend.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.cuda.kernels.KernelRun.Array;
import io.millrace.engine.backend.cuda.pack.PackedForm;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.BlockFormat;
import io.millrace.engine.quant.RowDecoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Embeddings of every type, to the bit. */
class EmbedKernelTest {

  private static Stream<GgmlType> types() {
    return Stream.of(GgmlType.values()).filter(RowDecoder::supports);
  }

  @ParameterizedTest
  @MethodSource("types")
  void rowsAreThoseOfTheTable(GgmlType type) {
    int columns = type.blockElements() == 1 ? 45 : type.blockElements() == 32 ? 96 : 512;
    DeviceWeight table = DeviceWeight.random(type, 37, columns, new Random(5));
    int[] tokens = {36, 0, 17};
    try (KernelRun run = new KernelRun()) {
      Array out = run.empty(4 * 3 * columns);
      List<Object> args = new ArrayList<>(table.upload(run));
      args.addAll(List.of(run.ints(tokens), out, 3, columns));
      if (table.form() == PackedForm.ANY) {
        args.add(BlockFormat.of(type).orElseThrow().subBlock());
      }
      run.launch("embed", "embed_" + table.form().suffix(), 3, 1, 1, 128, args.toArray());
      float[] rows = run.readFloats(out);
      for (int row = 0; row < 3; row++) {
        int from = tokens[row] * columns;
        assertThat(Arrays.copyOfRange(rows, row * columns, (row + 1) * columns))
            .isEqualTo(Arrays.copyOfRange(table.elements(), from, from + columns));
      }
    }
  }
}
