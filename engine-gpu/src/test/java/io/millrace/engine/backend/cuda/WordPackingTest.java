package io.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.cuda.pack.PackedForm;
import io.millrace.engine.backend.cuda.pack.TilePacker;
import io.millrace.engine.gguf.GgmlType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Packing by words gives what packing by elements gives. */
class WordPackingTest {

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"F16", "Q8_0", "Q4_0"})
  void isThatByElements(GgmlType type) {
    int columns = 3 * 64;
    int skipped = 5; // a tile begins anywhere
    int bytes = (int) type.bytes(16L * columns);
    byte[] rows = new byte[bytes];
    new Random(3).nextBytes(rows);
    if (type != GgmlType.F16) { // scales that are numbers
      for (int block = 0; block < bytes; block += type.blockBytes()) {
        rows[block + 1] &= 0x3b;
      }
    }
    TilePacker packer = new TilePacker(type, columns);
    ByteBuffer[] expected = new ByteBuffer[packer.parts()];
    ByteBuffer[] actual = new ByteBuffer[packer.parts()];
    for (int part = 0; part < packer.parts(); part++) {
      expected[part] = buffer(packer.partBytes(part));
      actual[part] = buffer(skipped + packer.partBytes(part)).position(skipped);
    }
    packer.pack(rows, 16, expected);
    ByteBuffer file = buffer(bytes + 2).put(2, rows);
    WordPacking.pack(PackedForm.of(type), file, 2, 16, columns, actual);
    for (int part = 0; part < packer.parts(); part++) {
      assertThat(actual[part].slice()).isEqualTo(expected[part]);
    }
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
