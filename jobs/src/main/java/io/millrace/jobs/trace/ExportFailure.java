package io.millrace.jobs.trace;

import io.opentelemetry.exporter.internal.FailedExportException.HttpExportException;
import java.io.IOException;

/** Why an export failed, for the log: nothing of what was sent, and nothing of the reply's text. */
final class ExportFailure {
  private ExportFailure() {}

  /**
   * @param failure null if the receiver never answered
   */
  static String reason(Throwable failure) {
    if (failure instanceof HttpExportException http && http.getResponse() != null) {
      return "it answered with HTTP status " + http.getResponse().getStatusCode();
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnreadableHeadersException) {
        return cause.getMessage();
      }
      // A message might quote a header.
      if (cause instanceof IOException || cause.getCause() == null) {
        return cause.getClass().getSimpleName();
      }
    }
    return "no answer in time";
  }
}
