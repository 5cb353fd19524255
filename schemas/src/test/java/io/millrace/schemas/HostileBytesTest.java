package io.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/** Whatever the bytes: a value or a FramingException, and memory in proportion to the record. */
class HostileBytesTest {
  /** Objects are larger than their bytes, and a refused record costs an exception's stack. */
  private static final long ALLOCATED_BYTES_MAX = 1 << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @FunctionalInterface
  private interface Reading {
    Object read(byte[] record) throws FramingException;
  }

  private int read;
  private int refused;

  @Test
  void mutatedRecords() {
    Random random = new Random(11);
    for (Class<? extends SpecificRecord> type : RandomRecords.TYPES) {
      Reading reading = warm(type);
      for (int i = 0; i < 2_000; i++) {
        byte[] record = encoded(type, i % 50);
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
          // The header stays: with another fingerprint nothing would be decoded.
          record[10 + random.nextInt(record.length - 10)] = (byte) random.nextInt(256);
        }
        holds(reading, record);
      }
    }
    assertThat(read).isPositive();
    assertThat(refused).isPositive();
  }

  @Test
  void everyTruncation() {
    for (Class<? extends SpecificRecord> type : RandomRecords.TYPES) {
      Reading reading = warm(type);
      byte[] record = encoded(type, 5);
      for (int length = 0; length < record.length; length++) {
        holds(reading, Arrays.copyOf(record, length));
      }
    }
    assertThat(read).isZero();
  }

  @Test
  void randomBytesBehindAValidHeader() {
    Random random = new Random(12);
    for (Class<? extends SpecificRecord> type : RandomRecords.TYPES) {
      Reading reading = warm(type);
      byte[] valid = encoded(type, 0);
      for (int i = 0; i < 2_000; i++) {
        byte[] record = new byte[10 + random.nextInt(200)];
        random.nextBytes(record);
        System.arraycopy(valid, 0, record, 0, 10);
        holds(reading, record);
      }
    }
    assertThat(refused).isPositive();
  }

  @Test
  void randomBytes() {
    Random random = new Random(13);
    Reading reading = warm(Prompt.class);
    for (int i = 0; i < 2_000; i++) {
      byte[] record = new byte[random.nextInt(100)];
      random.nextBytes(record);
      holds(reading, record);
    }
    assertThat(read).isZero();
  }

  @Test
  void mutatedJson() {
    Random random = new Random(14);
    for (Class<? extends SpecificRecord> type : RandomRecords.TYPES) {
      Reading reading = json -> PlainJson.read(json, type);
      for (int i = 0; i < 1_000; i++) {
        byte[] json = PlainJson.write(new RandomRecords(i).next(type));
        int at = random.nextInt(json.length);
        switch (random.nextInt(3)) {
          case 0 -> json[at] = (byte) random.nextInt(256);
          case 1 -> json = Arrays.copyOf(json, at);
          default -> json[at] = (byte) "\"{}[]:,0-e.tn\\".charAt(random.nextInt(14));
        }
        holds(reading, json);
      }
    }
    assertThat(read).isPositive();
    assertThat(refused).isPositive();
  }

  /** A claim of two billion items or bytes at the first array, string and map. */
  @Test
  void absurdLengthsInTinyRecords() {
    byte[] twoBillion = {(byte) 0xFE, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x0F};
    byte[] prompt = new byte[10 + 3 + twoBillion.length];
    System.arraycopy(encoded(Prompt.class, 0), 0, prompt, 0, 10); // then three nulls
    System.arraycopy(twoBillion, 0, prompt, 13, twoBillion.length); // messages
    holds(warm(Prompt.class), prompt);

    byte[] event = Arrays.copyOf(encoded(TokenEvent.class, 0), 10 + twoBillion.length);
    System.arraycopy(twoBillion, 0, event, 10, twoBillion.length); // request_id
    holds(warm(TokenEvent.class), event);
    assertThat(refused).isEqualTo(2);
  }

  @Test
  void aWritersSchemaWithItemsOfNoBytesIsRefused() {
    Schema schema =
        AvroCodecTest.parse(
            """
            {"type": "record", "name": "Prompt", "namespace": "io.millrace.schemas", "fields": [
              {"name": "nothing", "type": {"type": "array", "items": "null"}},
              {"name": "messages", "type": {"type": "array", "items":
                {"type": "record", "name": "Message", "fields": [
                  {"name": "role", "type": "string"}]}}}]}
            """);
    AvroCodec<Prompt> codec =
        new AvroCodec<>(Prompt.class, AvroCodecTest.ids(Map.of(1, schema)), 1 << 20);
    assertThatThrownBy(() -> codec.decode(new byte[] {0, 0, 0, 0, 1, 2, 0, 0}))
        .isInstanceOf(FramingException.class)
        .hasMessageContaining("Prompt.nothing: items that take no bytes");
  }

  @Test
  void endlessNestingInASkippedFieldIsRefused() {
    Schema schema =
        AvroCodecTest.parse(
            """
            {"type": "record", "name": "Prompt", "namespace": "io.millrace.schemas", "fields": [
              {"name": "tree", "type": {"type": "record", "name": "Tree", "fields": [
                {"name": "child", "type": ["null", "Tree"]}]}},
              {"name": "messages", "type": {"type": "array", "items":
                {"type": "record", "name": "Message", "fields": [
                  {"name": "role", "type": "string"}]}}}]}
            """);
    AvroCodec<Prompt> codec =
        new AvroCodec<>(Prompt.class, AvroCodecTest.ids(Map.of(1, schema)), 1 << 24);
    ByteArrayOutputStream record = new ByteArrayOutputStream();
    record.writeBytes(
        ByteBuffer.allocate(5).order(ByteOrder.BIG_ENDIAN).put((byte) 0).putInt(1).array());
    byte[] deeper = new byte[1 << 20];
    Arrays.fill(deeper, (byte) 2);
    record.writeBytes(deeper);
    assertThatThrownBy(() -> codec.decode(record.toByteArray()))
        .isInstanceOf(FramingException.class)
        .hasMessageContaining("nested too deeply");
  }

  @Test
  void deepJsonIsRefused() {
    byte[] deep = "{\"messages\":".repeat(100_000).getBytes(StandardCharsets.UTF_8);
    holds(json -> PlainJson.read(json, Prompt.class), deep);
    assertThat(refused).isOne();
  }

  /** A codec's first record resolves the schemas and loads classes, which costs some megabytes. */
  private <T extends SpecificRecord> Reading warm(Class<T> type) {
    AvroCodec<T> codec = new AvroCodec<>(type);
    byte[] valid = encoded(type, 0);
    assertThatCode(() -> codec.decode(valid)).doesNotThrowAnyException();
    return codec::decode;
  }

  private final Map<String, byte[]> encoded = new HashMap<>();

  private <T extends SpecificRecord> byte[] encoded(Class<T> type, long seed) {
    return encoded
        .computeIfAbsent(
            type.getName() + seed,
            name -> new AvroCodec<>(type).encode(new RandomRecords(seed).next(type)))
        .clone();
  }

  private void holds(Reading reading, byte[] record) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    try {
      if (reading.read(record) == null) {
        fail("read as null: " + Arrays.toString(record));
      }
      read++;
    } catch (FramingException e) {
      refused++;
      assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(600);
      assertThat(e.retryable()).isFalse();
    } catch (RuntimeException e) {
      throw new AssertionError(e + " for " + Arrays.toString(record), e);
    }
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertThat(allocated).isLessThan(ALLOCATED_BYTES_MAX + 100L * record.length);
  }
}
