package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.gguf.GgmlType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A damaged model file is one line and exit code 1, at once; or it still works. */
class DamagedModelTest {
  private static final Path SHIPPED =
      Path.of(System.getProperty("millrace.home"), "engine-gpu/models/tickets-draft-q8_0.gguf");
  private static final long MILLIS_MAX = 2_000;

  private static byte[] whole;
  private static int headerBytes;

  @TempDir Path folder;

  @BeforeAll
  static void read() throws IOException {
    whole = Files.readAllBytes(SHIPPED);
    headerBytes = headerBytes(whole);
  }

  /** Where the first tensor's data begin: the last tensor info is that of output_norm. */
  private static int headerBytes(byte[] file) {
    String text = new String(file, StandardCharsets.ISO_8859_1);
    return text.lastIndexOf(".weight") + 64;
  }

  @Test
  void theWholeFileAnswers() throws IOException {
    CommandRun run = generate(whole);
    assertThat(run.exitCode()).as(run.toString()).isZero();
    assertThat(run.out()).hasSize(1);
  }

  @Test
  void cutAnywhereItIsRefused() throws IOException {
    List<Integer> lengths = new ArrayList<>(List.of(0, 1, 4, 8, 23, 24, headerBytes));
    for (int i = 1; i < 20; i++) {
      lengths.add((int) ((long) headerBytes * i / 20));
      lengths.add((int) ((long) whole.length * i / 20));
    }
    lengths.add(whole.length - 33);
    for (int length : lengths) {
      requireRefused("cut to " + length, generate(Arrays.copyOf(whole, length)));
    }
  }

  /** Counts, lengths, types, dimensions and offsets: each is a number in the header. */
  @Test
  void withImpossibleNumbersItIsRefused() throws IOException {
    for (String tensor : new String[] {"token_embd.weight", "output_norm.weight"}) {
      int name = indexOf(tensor);
      int rank = name + tensor.length();
      int firstDim = rank + 4;
      int type = firstDim + 8 * whole[rank];
      int offset = type + 4;
      int float32 = GgmlType.F32.id();
      int another = whole[type] == float32 ? GgmlType.F16.id() : float32;
      for (int value : new int[] {another, GgmlType.Q5_K.id(), 4, 1 << 20, -1}) {
        requireRefused("type " + value, changed(type, 4, value));
      }
      for (long value : new long[] {0, -1, 3, 1 << 20, 1L << 40, 1L << 62, Long.MIN_VALUE}) {
        requireRefused("name length " + value, changed(name - 8, 8, value));
        requireRefused("rank " + value, changed(rank, 4, value == 3 ? 5 : value >> 31));
        requireRefused("dimension " + value, changed(firstDim, 8, value));
        requireRefused("offset " + value, changed(offset, 8, value == 0 ? 8 : value));
      }
    }
    for (long value : new long[] {-1, 0, 1, 1 << 20, 1L << 40, Long.MAX_VALUE}) {
      requireRefused("version " + value, changed(4, 4, value));
      requireRefused("tensors " + value, changed(8, 8, value));
      requireRefused("metadata " + value, changed(16, 8, value));
      requireRefused("key length " + value, changed(24, 8, value));
    }
    String[] keys = {
      "llama.embedding_length",
      "llama.block_count",
      "llama.feed_forward_length",
      "llama.attention.head_count_kv"
    };
    for (String key : keys) {
      int value = indexOf(key) + key.length() + 4;
      for (long number : new long[] {0, 7, 1 << 20, -1}) {
        requireRefused(key + " " + number, changed(value, 4, number));
      }
    }
  }

  @Test
  void withAnyOtherDamageItLoadsOrIsRefused() throws IOException {
    long seed = 20261123;
    Random random = new Random(seed);
    int refused = 0;
    int rounds = 48;
    for (int round = 0; round < rounds; round++) {
      byte[] bytes = whole.clone();
      boolean inHeader = round % 3 != 0;
      for (int i = 1 + random.nextInt(4); i > 0; i--) {
        int at = random.nextInt(inHeader ? headerBytes : bytes.length);
        bytes[at] = (byte) random.nextInt();
      }
      CommandRun run = generate(bytes);
      if (run.exitCode() != 0) {
        refused++;
        requireRefused("seed " + seed + ", round " + round, run);
      }
    }
    assertThat(refused).isBetween(1, rounds - 1);
  }

  private CommandRun changed(int at, int width, long value) throws IOException {
    byte[] bytes = whole.clone();
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (width == 4) {
      buffer.putInt(at, (int) value);
    } else {
      buffer.putLong(at, value);
    }
    return generate(bytes);
  }

  private static int indexOf(String text) {
    int at = new String(whole, StandardCharsets.ISO_8859_1).indexOf(text);
    assertThat(at).as(text).isPositive();
    return at;
  }

  private CommandRun generate(byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("damaged.gguf"), bytes);
    long before = cpuMillis();
    CommandRun run =
        CommandRun.of(
            new FakeModels(null),
            "generate",
            "--model",
            file,
            "--tokens",
            "1,2",
            "--steps",
            2,
            "--threads",
            1,
            "--print-tokens");
    assertThat(cpuMillis() - before).as("milliseconds").isLessThan(MILLIS_MAX);
    return run;
  }

  private static long cpuMillis() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1_000_000;
  }

  private static void requireRefused(String what, CommandRun run) {
    assertThat(run.exitCode()).as(what + ": " + run).isEqualTo(1);
    assertThat(run.err()).as(what).hasSize(1);
    assertThat(run.err().get(0)).as(what).contains("damaged.gguf").hasSizeLessThan(1_000);
    assertThat(run.out()).as(what).isEmpty();
  }
}
