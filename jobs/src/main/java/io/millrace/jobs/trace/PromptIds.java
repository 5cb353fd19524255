package io.millrace.jobs.trace;

import io.opentelemetry.sdk.trace.IdGenerator;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Ids that follow from the prompt. What a restart does again, it also tells again, and receivers
 * take a span with an id that they know for the same one.
 */
final class PromptIds implements IdGenerator {
  private static final int TRACE_HEX = 32;
  private static final int SPAN_HEX = 16;

  private final MessageDigest sha256;
  private String traceId;
  private String spanId;

  PromptIds() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java platform has SHA-256", e);
    }
  }

  /**
   * The next span's.
   *
   * @param requestId topic, partition and offset
   * @param timestampMs of its record, which tells it from that of a topic that was made anew
   * @param attempt which generation of its answer
   */
  void next(String requestId, Long timestampMs, int attempt) {
    String prompt = requestId + "\n" + timestampMs;
    traceId = digest("trace\n" + prompt).substring(0, TRACE_HEX);
    spanId = digest("span\n" + prompt + "\n" + attempt).substring(0, SPAN_HEX);
  }

  private String digest(String text) {
    return HexFormat.of().formatHex(sha256.digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public String generateTraceId() {
    return traceId;
  }

  @Override
  public String generateSpanId() {
    return spanId;
  }
}
