package io.millrace.jobs.fuzz;

import io.millrace.jobs.testing.Messages;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.CacheControl;
import io.millrace.schemas.Prompt;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Prompts in Avro's framings, right and wrong. */
final class HostileAvro {
  /** Marker, version and fingerprint of the single-object framing. */
  private static final int SINGLE_OBJECT_HEADER_BYTES = 10;

  private static final ThreadLocal<AvroCodec<Prompt>> CODEC =
      ThreadLocal.withInitial(() -> new AvroCodec<>(Prompt.class));

  private HostileAvro() {}

  static byte[] valid(SplittableRandom random) {
    return CODEC
        .get()
        .encode(
            Prompt.newBuilder()
                .setTenant("tenant-" + random.nextInt(10))
                .setMessages(List.of(Messages.of("user", "avro " + random.nextInt(1_000))))
                .setMaxCompletionTokens(4)
                .setStop(List.of("a", "b"))
                .setMetadata(Map.of("k", "v"))
                .build());
  }

  /** A valid one in either framing. */
  static byte[] framed(SplittableRandom random) {
    byte[] single = valid(random);
    return random.nextBoolean() ? single : confluent(random.nextInt(3), body(single));
  }

  static byte[] unknownSchema(SplittableRandom random) {
    byte[] single = valid(random);
    if (random.nextBoolean()) {
      int[] ids = {0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, random.nextInt()};
      return confluent(ids[random.nextInt(ids.length)], body(single));
    }
    System.arraycopy(HostilePrompts.bytes(random, 8), 0, single, 2, 8);
    return single;
  }

  /** Well framed, with values or lengths that nobody means. */
  static byte[] absurd(SplittableRandom random) {
    if (random.nextBoolean()) {
      // A length or count of billions, where the body begins or somewhere in it.
      byte[] single = valid(random);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.write(single, 0, SINGLE_OBJECT_HEADER_BYTES + random.nextInt(12));
      out.writeBytes(
          new byte[] {(byte) 0xfe, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f});
      out.writeBytes(HostilePrompts.bytes(random, random.nextInt(50)));
      return out.toByteArray();
    }
    double[] doubles = {Double.NaN, Double.POSITIVE_INFINITY, -0.0, 1e300, Double.MIN_VALUE, -1};
    int[] ints = {Integer.MIN_VALUE, -1, 0, Integer.MAX_VALUE};
    long[] longs = {Long.MIN_VALUE, -1, 0, Long.MAX_VALUE};
    String[] texts = {"", "\u0000", "[", "null", "{\"type\":1}", "x".repeat(5_000), "[[[[[{}]]]]]"};
    Prompt prompt =
        Prompt.newBuilder()
            .setMessages(
                random.nextInt(4) == 0
                    ? List.of()
                    : List.of(Messages.of(text(random, texts), text(random, texts))))
            .build();
    switch (random.nextInt(10)) {
      case 0 -> prompt.setTemperature(doubles[random.nextInt(doubles.length)]);
      case 1 -> prompt.setTopP(doubles[random.nextInt(doubles.length)]);
      case 2 -> prompt.setN(ints[random.nextInt(ints.length)]);
      case 3 -> prompt.setMaxCompletionTokens(ints[random.nextInt(ints.length)]);
      case 4 -> prompt.setDeadline(Instant.ofEpochMilli(longs[random.nextInt(longs.length)]));
      case 5 -> prompt.setResponseFormat(text(random, texts));
      case 6 -> prompt.setTools(text(random, texts));
      case 7 -> prompt.setTopLogprobs(ints[random.nextInt(ints.length)]);
      case 8 ->
          prompt.setCache(
              CacheControl.newBuilder()
                  .setTtlSeconds(longs[random.nextInt(longs.length)])
                  .setNamespace(text(random, texts))
                  .build());
      default -> prompt.setPriority(ints[random.nextInt(ints.length)]);
    }
    return CODEC.get().encode(prompt);
  }

  private static String text(SplittableRandom random, String[] texts) {
    return random.nextBoolean() ? "user" : texts[random.nextInt(texts.length)];
  }

  private static byte[] body(byte[] singleObject) {
    return Arrays.copyOfRange(singleObject, SINGLE_OBJECT_HEADER_BYTES, singleObject.length);
  }

  private static byte[] confluent(int id, byte[] body) {
    return ByteBuffer.allocate(5 + body.length).put((byte) 0).putInt(id).put(body).array();
  }
}
