package io.millrace.jobs.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/** Record headers: as they should be, and as they should not. */
final class HostileHeaders {
  private static final String[] NAMES = {
    "tenant",
    "traceparent",
    "deadline",
    "millrace.replay",
    "millrace.request-id",
    "",
    "\u0000",
    "__connect.errors.topic",
    "__connect.errors.offset",
    "x"
  };

  private static final String[] TEXTS = {
    "",
    " ",
    "acme",
    "\u0000",
    "acme\nmillrace",
    "../../etc/passwd",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "00-" + "0".repeat(32) + "-" + "0".repeat(16) + "-00",
    "zz-not-a-trace-parent",
    "0",
    "-1",
    "1",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "1e999",
    "NaN",
    "1732380000000.5",
    "0x7fffffff",
    "\uFFFD",
    "\u0661\u0662\u0663",
    "tomorrow"
  };

  private HostileHeaders() {}

  /** None, or what a well-behaved producer sends. */
  static List<Header> some(SplittableRandom random) {
    List<Header> headers = new ArrayList<>();
    if (random.nextBoolean()) {
      headers.add(header("tenant", "tenant-" + random.nextInt(10)));
    }
    if (random.nextInt(4) == 0) {
      headers.add(header("deadline", "4102444800000"));
    }
    if (random.nextInt(4) == 0) {
      headers.add(header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    }
    return headers;
  }

  static List<Header> hostile(SplittableRandom random) {
    List<Header> headers = new ArrayList<>();
    // Now and then thousands.
    int count = random.nextInt(200) == 0 ? 5_000 : 1 + random.nextInt(6);
    for (int i = 0; i < count; i++) {
      headers.add(
          new RecordHeader(
              NAMES[random.nextInt(random.nextBoolean() ? 3 : NAMES.length)], value(random)));
    }
    return headers;
  }

  private static byte[] value(SplittableRandom random) {
    return switch (random.nextInt(8)) {
      case 0 -> null;
      case 1 -> HostilePrompts.bytes(random, random.nextInt(40));
      // Long enough to be cut, now and then absurdly.
      case 2 -> HostilePrompts.bytes(random, random.nextInt(40) == 0 ? 300_000 : 3_000);
      case 3 -> "a".repeat(random.nextInt(600)).getBytes(UTF_8);
      default -> TEXTS[random.nextInt(TEXTS.length)].getBytes(UTF_8);
    };
  }

  private static Header header(String name, String value) {
    return new RecordHeader(name, value.getBytes(UTF_8));
  }
}
