package io.millrace.jobs.trace;

import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.common.export.RetryPolicy;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Opens exporters: OTLP over HTTP, in protobuf. */
final class OtlpExporters {
  /**
   * The library's own report of failures, on the standard error of the process, quotes what the
   * receiver replies; ours does not. Held here, or the setting could be collected with the logger.
   */
  private static final Logger LIBRARY =
      Logger.getLogger("io.opentelemetry.exporter.otlp.internal.HttpExporter");

  static {
    LIBRARY.setLevel(Level.OFF);
  }

  /** Of what may pass: 429, 502, 503, 504, broken connections; Retry-After is kept to. */
  private static final RetryPolicy RETRIES =
      RetryPolicy.builder()
          .setMaxAttempts(3)
          .setInitialBackoff(Duration.ofMillis(500))
          .setMaxBackoff(Duration.ofSeconds(2))
          .build();

  private OtlpExporters() {}

  /**
   * @param timeout of an export, its retries included
   */
  static SpanExporter open(TraceSpec.Exporter exporter, Duration timeout) {
    return OtlpHttpSpanExporter.builder()
        .setEndpoint(exporter.endpoint())
        .setTimeout(timeout)
        .setConnectTimeout(timeout)
        .setRetryPolicy(RETRIES)
        .setHeaders(new ReceiverHeaders(exporter, System.getenv()))
        .build();
  }
}
