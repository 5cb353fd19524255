package io.millrace.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {
  @TempDir Path folder;

  @Test
  void readsWhatWasWritten() throws Exception {
    Path path = folder.resolve("small.gguf");
    byte[] weights = new byte[2 * 34];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (byte) i;
    }
    new GgufWriter()
        .put("general.architecture", GgufValue.ofString("llama"))
        .put("llama.block_count", GgufValue.ofUint32(2))
        .put("llama.rope.freq_base", GgufValue.ofFloat(10_000))
        .put("tokenizer.ggml.add_bos_token", GgufValue.ofBool(true))
        .put("tokenizer.ggml.tokens", GgufValue.ofStrings(List.of("a", "é", "")))
        .put("tokenizer.ggml.token_type", GgufValue.ofInts(1, -2, 3))
        .put("tokenizer.ggml.scores", GgufValue.ofFloats(-1, 0.5f))
        .tensor("bias", GgmlType.F32, new long[] {1}, out -> out.write(new byte[] {1, 2, 3, 4}))
        .tensor("weight", GgmlType.Q8_0, new long[] {32, 2}, out -> out.write(weights))
        .write(path);
    try (GgufFile file = GgufFile.open(path)) {
      GgufMetadata metadata = file.metadata();
      assertThat(metadata.requireString("general.architecture")).isEqualTo("llama");
      assertThat(metadata.requireInt("llama.block_count", 1, 100)).isEqualTo(2);
      assertThat(metadata.requireNumber("llama.rope.freq_base")).isEqualTo(10_000);
      assertThat(metadata.bool("tokenizer.ggml.add_bos_token")).contains(true);
      assertThat(metadata.strings("tokenizer.ggml.tokens").orElseThrow())
          .containsExactly("a", "é", "");
      assertThat(metadata.ints("tokenizer.ggml.token_type").orElseThrow())
          .containsExactly(1, -2, 3);
      assertThat(metadata.floats("tokenizer.ggml.scores").orElseThrow()).containsExactly(-1, 0.5f);
      assertThat(metadata.string("absent")).isEmpty();
      assertThat(file.tensors()).extracting(TensorInfo::name).containsExactly("bias", "weight");
      TensorInfo weight = file.tensor("weight").orElseThrow();
      assertThat(weight.type()).isEqualTo(GgmlType.Q8_0);
      assertThat(weight.dims()).containsExactly(32L, 2L);
      assertThat(weight.columns()).isEqualTo(32);
      assertThat(weight.rows()).isEqualTo(2);
      assertThat(weight.rowBytes()).isEqualTo(34);
      assertThat(weight.offset() % 32).isZero();
      byte[] row = new byte[36];
      file.read(weight, 34, row, 1, 34);
      assertThat(row).startsWith(0, 34, 35).endsWith(67, 0);
      assertThatThrownBy(() -> file.read(weight, 35, row, 0, 34))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThat(file.sha256())
          .isEqualTo(
              HexFormat.of()
                  .formatHex(
                      MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(path))));
    }
  }

  @Test
  void everyKindOfValueSurvivesACopy() throws IOException {
    GgufWriter writer = new GgufWriter();
    for (GgufValueType type : GgufValueType.values()) {
      switch (type) {
        case STRING, ARRAY, BOOL -> {}
        case FLOAT32, FLOAT64 -> writer.put("v." + type, new GgufValue(type, null, 0.5));
        default -> writer.put("v." + type, new GgufValue(type, null, 100L));
      }
    }
    GgufValue inner = GgufValue.ofInts(1, 2);
    writer.put(
        "nested",
        new GgufValue(
            GgufValueType.ARRAY, GgufValueType.ARRAY, new GgufValue[] {inner, inner, inner}));
    Path first = folder.resolve("first.gguf");
    Path second = folder.resolve("second.gguf");
    writer.write(first);
    try (GgufFile file = GgufFile.open(first)) {
      assertThat(file.metadata().integer("v.uint8")).hasValue(100);
      assertThat(file.metadata().values().get("nested").describe()).isEqualTo("array[3]");
      new GgufWriter().putAll(file.metadata()).write(second);
    }
    assertThat(second).hasSameBinaryContentAs(first);
  }

  @Test
  void getterOfAnotherKindSaysWhatIsThere() throws IOException {
    Path path = folder.resolve("kinds.gguf");
    new GgufWriter().put("key", GgufValue.ofString("text")).write(path);
    try (GgufFile file = GgufFile.open(path)) {
      assertThatThrownBy(() -> file.metadata().integer("key"))
          .isInstanceOf(GgufFormatException.class)
          .hasMessage(path + ": metadata 'key' is string 'text', must be an integer");
      assertThatThrownBy(() -> file.metadata().requireInt("none", 0, 1))
          .hasMessage(path + ": no metadata 'none'");
    }
  }

  @Test
  void refusesWhatIsNotGguf() throws IOException {
    assertRefused(new byte[0], "at byte 0: not a GGUF file");
    assertRefused("PK not gguf".getBytes(StandardCharsets.UTF_8), "not a GGUF file");
    assertRefused(header(1, 0, 0), "GGUF version 1; versions 2 and 3 are read");
    assertRefused(header(Integer.reverseBytes(3), 0, 0), "big-endian");
    assertThatThrownBy(() -> GgufFile.open(folder))
        .isInstanceOf(GgufFormatException.class)
        .hasMessageContaining("not a file");
  }

  @Test
  void refusesAbsurdCounts() throws IOException {
    assertRefused(header(3, Long.MAX_VALUE, 0), "tensors are more than the file has room for");
    assertRefused(header(3, -1, 0), "18446744073709551615 tensors");
    assertRefused(header(3, 0, 1L << 40), "metadata entries are more than the file has room for");
    assertRefused(entry("k", 9, 4, -1L), "more than the file has room for");
    assertRefused(entry("k", 9, 4, 1L << 61), "more than the file has room for");
    assertRefused(entry("k", 8, 1L << 33), "is longer than the file has left");
    assertRefused(entry("k", 99, 0L), "unknown value type 99");
    assertRefused(entry("general.alignment", 4, 33), "must be a power of 2");
    assertRefused(entry("general.alignment", 4, 0), "must be 1 to");
    // [[[[[ ... arrays in arrays
    Object[] nested = new Object[41];
    nested[0] = 9;
    for (int i = 1; i < nested.length; i += 2) {
      nested[i] = 9;
      nested[i + 1] = 1L;
    }
    assertRefused(entry("k", nested), "nests arrays too deep");
  }

  @Test
  void refusesTensorsThatCannotBe() throws IOException {
    assertRefused(tensor(0, 0, 0), "has 0 dimensions");
    assertRefused(tensor(5, 0, 0, 1L, 1L, 1L, 1L, 1L), "has 5 dimensions");
    assertRefused(tensor(1, 0, 0, 0L), "dimension of 0");
    assertRefused(tensor(2, 0, 0, 1L << 40, 1L << 40), "which is impossible");
    assertRefused(tensor(1, 0, 0, 1L << 40), "is larger than the file");
    assertRefused(tensor(1, 8, 0, 31L), "not whole blocks of 32 as Q8_0 needs");
    assertRefused(tensor(1, 4, 0, 32L), "unknown or retired type 4");
    assertRefused(tensor(1, 0, 1, 1L), "are not aligned to 32");
    assertRefused(tensor(1, 0, -32, 1L), "end after the file");
    assertRefused(tensor(1, 0, Long.MIN_VALUE, 1L), "end after the file");
    assertRefused(tensor(1, 0, 1 << 20, 1L), "end after the file");
  }

  @Test
  void refusesTensorsThatOverlapOrComeTwice() throws IOException {
    byte[] bytes = written(0);
    replace(bytes, "t1", "t0");
    assertRefused(bytes, "the tensor 't0' comes twice");
    byte[] overlapping = written(0);
    // The second tensor's offset follows its name, rank, dimension and type.
    int at = indexOf(overlapping, "t1") + 2 + 4 + 8 + 4;
    ByteBuffer.wrap(overlapping).order(ByteOrder.LITTLE_ENDIAN).putLong(at, 0);
    assertRefused(overlapping, "overlap");
    byte[] keys = written(2);
    replace(keys, "key1", "key0");
    assertRefused(keys, "the metadata key 'key0' comes twice");
  }

  private void assertRefused(byte[] bytes, String message) throws IOException {
    Path path = folder.resolve("bad.gguf");
    Files.write(path, bytes);
    assertThatThrownBy(() -> GgufFile.open(path).close())
        .isInstanceOf(GgufFormatException.class)
        .hasMessageStartingWith(path.toString())
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }

  /** Two tensors of one float each, and so many keys. */
  private static byte[] written(int keys) throws IOException {
    GgufWriter writer = new GgufWriter();
    for (int i = 0; i < keys; i++) {
      writer.put("key" + i, GgufValue.ofUint32(i));
    }
    for (int i = 0; i < 2; i++) {
      writer.tensor("t" + i, GgmlType.F32, new long[] {1}, out -> out.write(new byte[4]));
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writer.write(out);
    return out.toByteArray();
  }

  private static int indexOf(byte[] bytes, String text) {
    return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
  }

  private static void replace(byte[] bytes, String from, String to) {
    byte[] with = to.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(with, 0, bytes, indexOf(bytes, from), with.length);
  }

  private static byte[] header(int version, long tensors, long entries) {
    return bytes(0x46554747, version, tensors, entries);
  }

  private static byte[] entry(String key, Object... rest) {
    byte[] head = bytes(0x46554747, 3, 0L, 1L, (long) key.length());
    byte[] tail = bytes(rest);
    return ByteBuffer.allocate(head.length + key.length() + tail.length + 64)
        .put(head)
        .put(key.getBytes(StandardCharsets.UTF_8))
        .put(tail)
        .array();
  }

  private static byte[] tensor(int rank, int type, long offset, Object... dims) {
    byte[] head = bytes(0x46554747, 3, 1L, 0L, 1L);
    byte[] tail = bytes(dims);
    return ByteBuffer.allocate(head.length + 1 + 4 + tail.length + 12 + 128)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(head)
        .put((byte) 't')
        .putInt(rank)
        .put(tail)
        .putInt(type)
        .putLong(offset)
        .array();
  }

  /** Integers as 4 bytes, longs as 8, little-endian. */
  private static byte[] bytes(Object... numbers) {
    ByteBuffer out = ByteBuffer.allocate(8 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    for (Object number : numbers) {
      if (number instanceof Integer small) {
        out.putInt(small);
      } else {
        out.putLong((Long) number);
      }
    }
    return java.util.Arrays.copyOf(out.array(), out.position());
  }
}
