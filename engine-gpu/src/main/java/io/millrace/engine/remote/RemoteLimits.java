package io.millrace.engine.remote;

import java.time.Duration;

/**
 * How long a remote model is waited for, and how often it is asked.
 *
 * @param callsMax calls at once
 * @param retriesMax calls for one request after the first
 * @param connectMax until a connection stands
 * @param silenceMax until the first byte of an answer, and between two of its bytes
 * @param totalMax until the end of an answer
 * @param retryAfterMax longest wait that the server may ask for before a retry; if it asks for
 *     longer, there is none
 */
public record RemoteLimits(
    int callsMax,
    int retriesMax,
    Duration connectMax,
    Duration silenceMax,
    Duration totalMax,
    Duration retryAfterMax) {

  /** Most bytes of an answer, as it is sent. */
  static final long RESPONSE_BYTES_MAX = 64L << 20;

  /** Most bytes of one event's line. */
  static final int LINE_BYTES_MAX = 4 << 20;

  /** Most characters of an answer, its tool calls included. */
  static final int ANSWER_LENGTH_MAX = 4 << 20;

  /** Most bytes that are read of a refusal. */
  static final int ERROR_BYTES_MAX = 64 << 10;

  /** Most tool calls of an answer. */
  static final int TOOL_CALLS_MAX = 128;

  public RemoteLimits {
    if (callsMax < 1 || retriesMax < 0) {
      throw new IllegalArgumentException(
          "calls at once must be at least 1, retries at least 0: " + callsMax + ", " + retriesMax);
    }
  }
}
