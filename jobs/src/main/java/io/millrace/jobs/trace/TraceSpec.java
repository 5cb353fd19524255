package io.millrace.jobs.trace;

import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.schemas.Message;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.apache.flink.util.function.SerializableSupplier;

/**
 * How prompts are traced, as it travels to the tasks. It holds no secret: only where each is found.
 *
 * @param exporters who receives the spans; nobody is off
 * @param samplingRatio share of the traces that begin here
 * @param messages opens what reads a prompt's text; null leaves texts out
 * @param textLengthMax characters of a prompt's, and of an answer's text in a span
 * @param queueMax spans held for one receiver
 * @param timeout of one export
 * @param flushTimeout how long a task that ends waits for its last spans
 */
public record TraceSpec(
    List<Exporter> exporters,
    double samplingRatio,
    SerializableSupplier<Function<AdmittedPrompt, List<Message>>> messages,
    int textLengthMax,
    int queueMax,
    Duration timeout,
    Duration flushTimeout)
    implements Serializable {

  /** No traces. */
  public static final TraceSpec OFF =
      new TraceSpec(List.of(), 0, null, 1, 1, Duration.ZERO, Duration.ZERO);

  public TraceSpec {
    exporters = List.copyOf(exporters);
  }

  /**
   * A receiver of spans.
   *
   * @param endpoint its full URL
   * @param headersEnv variable of the environment that holds headers, or null
   * @param headersFile file that holds headers, or null
   */
  public record Exporter(String name, String endpoint, String headersEnv, String headersFile)
      implements Serializable {}
}
