package io.millrace.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged files: each opens, or is refused with one line, and takes no more memory than such a
 * small file justifies.
 */
class GgufFuzzTest {
  private static final int ROUNDS = 2000;
  private static final long ALLOCATION_BYTES_MAX = 4 << 20;
  private static final long[] ABSURD = {
    0,
    1,
    -1,
    7,
    31,
    255,
    65_536,
    1L << 24,
    1L << 31,
    1L << 32,
    1L << 40,
    1L << 61,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MAX_VALUE / 8,
    0xFFFFFFFFL
  };

  @TempDir Path folder;
  private int opened;

  @Test
  void truncatedAnywhere() throws IOException {
    byte[] whole = sample();
    for (int length = 0; length < whole.length; length++) {
      check("cut to " + length, Arrays.copyOf(whole, length));
    }
    // Only a cut inside the padding after the last tensor leaves a whole file.
    assertThat(opened).isBetween(0, 31);
  }

  @Test
  void damagedAnywhere() {
    byte[] whole = sample();
    long seed = 20261123;
    Random random = new Random(seed);
    assertTimeout(
        Duration.ofSeconds(60),
        () -> {
          for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = whole.clone();
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
              damage(bytes, random);
            }
            check("seed " + seed + ", round " + round, bytes);
          }
        });
    // Harmless damage exists (a letter in a name, a tensor's byte), and so does fatal damage.
    assertThat(opened).isBetween(ROUNDS / 20, ROUNDS - ROUNDS / 20);
  }

  private static void damage(byte[] bytes, Random random) {
    int at = random.nextInt(bytes.length - 8);
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    switch (random.nextInt(4)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[at] = (byte) random.nextInt();
      case 2 -> buffer.putInt(at, (int) ABSURD[random.nextInt(ABSURD.length)]);
      default -> buffer.putLong(at, ABSURD[random.nextInt(ABSURD.length)]);
    }
  }

  private void check(String what, byte[] bytes) throws IOException {
    Path path = folder.resolve("fuzz.gguf");
    Files.write(path, bytes);
    long before = allocatedBytes();
    try (GgufFile file = GgufFile.open(path)) {
      opened++;
      for (TensorInfo tensor : file.tensors()) {
        file.read(tensor, 0, new byte[(int) tensor.bytes()], 0, (int) tensor.bytes());
      }
    } catch (GgufFormatException e) {
      assertThat(e.getMessage()).as(what).startsWith(path.toString()).doesNotContain("\n");
    } catch (RuntimeException | StackOverflowError e) {
      throw new AssertionError(what, e);
    }
    assertThat(allocatedBytes() - before).as(what).isLessThan(ALLOCATION_BYTES_MAX);
  }

  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getThreadAllocatedBytes(Thread.currentThread().getId());
  }

  private static byte[] sample() {
    GgufWriter writer =
        new GgufWriter()
            .put("general.architecture", GgufValue.ofString("llama"))
            .put("general.alignment", GgufValue.ofUint32(32))
            .put("llama.block_count", GgufValue.ofUint32(2))
            .put("eps", GgufValue.ofFloat(1e-5f))
            .put("bos", GgufValue.ofBool(true))
            .put("tokens", GgufValue.ofStrings(List.of("a", "b", "<s>", "é")))
            .put("types", GgufValue.ofInts(1, 2, 3, 4))
            .put("scores", GgufValue.ofFloats(1, 2, 3, 4))
            .put(
                "nested",
                new GgufValue(
                    GgufValueType.ARRAY,
                    GgufValueType.ARRAY,
                    new GgufValue[] {GgufValue.ofInts(1), GgufValue.ofStrings(List.of("x"))}))
            .tensor("a.weight", GgmlType.F32, new long[] {4, 2}, out -> out.write(new byte[32]))
            .tensor(
                "b.weight", GgmlType.Q4_0, new long[] {32, 1, 2}, out -> out.write(new byte[36]));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      writer.write(out);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return out.toByteArray();
  }
}
