package io.millrace.jobs.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.apache.kafka.common.header.Header;

/**
 * Everything that people send by mistake or on purpose, from a seed: a record is a function of the
 * seed and of its number, so that nothing has to be kept to compare with.
 */
final class HostilePrompts {
  /** One in so many is very large; the others are small, or a run would move gigabytes. */
  private static final int LARGE_EVERY = 2_000;

  private static final int LARGE_BYTES = 10 << 20;

  private record Kind(String name, Function<SplittableRandom, byte[]> value) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind("valid", HostileJson::valid),
          new Kind("valid again", random -> HostileJson.repeated(random.nextInt(50))),
          new Kind("random bytes", HostilePrompts::randomBytes),
          new Kind("random bytes that begin well", HostilePrompts::randomWithMagic),
          new Kind("null or blank", HostilePrompts::blank),
          new Kind("mutated request", r -> mutated(HostileJson.everyField(r), r)),
          new Kind("truncated request", r -> truncated(HostileJson.everyField(r), r)),
          new Kind("deep JSON", HostileJson::deep),
          new Kind("invalid UTF-8", HostileJson::invalidUtf8),
          new Kind("control characters", HostileJson::controlCharacters),
          new Kind("absurd number", HostileJson::absurdNumber),
          new Kind("wrong type", HostileJson::wrongType),
          new Kind("huge array", HostileJson::hugeArray),
          new Kind("duplicate name", HostileJson::duplicateName),
          new Kind("half a surrogate pair", HostileJson::halfSurrogate),
          new Kind("absurd sampling", HostileJson::absurdSampling),
          new Kind("hostile text", HostileJson::hostileText),
          new Kind("hostile schema", HostileSchemas::request),
          new Kind("hostile tools", HostileSchemas::tools),
          new Kind("Avro", HostileAvro::valid),
          new Kind("truncated Avro", r -> truncated(HostileAvro.framed(r), r)),
          new Kind("mutated Avro", r -> mutated(HostileAvro.framed(r), r)),
          new Kind("unknown schema", HostileAvro::unknownSchema),
          new Kind("absurd Avro", HostileAvro::absurd));

  private final long seed;
  private final int largeEvery;

  HostilePrompts(long seed) {
    this(seed, LARGE_EVERY);
  }

  HostilePrompts(long seed, int largeEvery) {
    this.seed = seed;
    this.largeEvery = largeEvery;
  }

  /** The record of this number, always the same. */
  HostilePrompt record(int number) {
    SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + number);
    random = random.split();
    if (number % largeEvery == largeEvery / 2) {
      return new HostilePrompt("large", key(random), large(random), HostileHeaders.hostile(random));
    }
    Kind kind = KINDS.get(random.nextInt(KINDS.size()));
    byte[] value = kind.value().apply(random);
    boolean hostileHeaders = random.nextInt(5) == 0;
    List<Header> headers =
        hostileHeaders ? HostileHeaders.hostile(random) : HostileHeaders.some(random);
    return new HostilePrompt(
        kind.name() + (hostileHeaders ? ", hostile headers" : ""), key(random), value, headers);
  }

  private static byte[] key(SplittableRandom random) {
    return switch (random.nextInt(8)) {
      case 0, 1, 2 -> null;
      case 3 -> new byte[0];
      case 4 -> bytes(random, random.nextInt(64));
      case 5 -> random.nextInt(50) == 0 ? bytes(random, 200_000) : new byte[] {0};
      default -> ("tenant-" + random.nextInt(10)).getBytes(UTF_8);
    };
  }

  private static byte[] large(SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0 -> bytes(random, LARGE_BYTES);
      case 1 -> "[".repeat(LARGE_BYTES).getBytes(ISO_8859_1);
      // As large as a record may be and a little more: an output record's limit is near.
      case 2 -> HostileJson.of("x".repeat((8 << 20) - random.nextInt(64 << 10)));
      default -> HostileJson.of("all work and no play ".repeat(LARGE_BYTES / 21));
    };
  }

  private static byte[] randomBytes(SplittableRandom random) {
    return bytes(random, 1 + random.nextInt(300));
  }

  private static byte[] randomWithMagic(SplittableRandom random) {
    byte[] value = bytes(random, 16 + random.nextInt(100));
    byte[][] beginnings = {
      {(byte) 0xC3, 1}, {0}, {'{'}, {'{', '"'}, {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF}, {'\n', '{'}
    };
    byte[] beginning = beginnings[random.nextInt(beginnings.length)];
    System.arraycopy(beginning, 0, value, 0, beginning.length);
    return value;
  }

  private static byte[] blank(SplittableRandom random) {
    String[] texts = {
      "", " ", "\n\n", "null", "0", "\"\"", "[]", "{}", "\u0000", "\uFEFF", "\uFEFF{}"
    };
    int which = random.nextInt(texts.length + 3);
    return which >= texts.length ? null : texts[which].getBytes(UTF_8);
  }

  static byte[] bytes(SplittableRandom random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] truncated(byte[] value, SplittableRandom random) {
    return Arrays.copyOf(value, random.nextInt(value.length));
  }

  /** Some bytes changed, doubled or left out. */
  private static byte[] mutated(byte[] value, SplittableRandom random) {
    byte[] bytes = value.clone();
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(3)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        default -> {
          int length = Math.min(bytes.length - at, 1 + random.nextInt(8));
          System.arraycopy(bytes, random.nextInt(bytes.length - length + 1), bytes, at, length);
        }
      }
    }
    return bytes;
  }
}
