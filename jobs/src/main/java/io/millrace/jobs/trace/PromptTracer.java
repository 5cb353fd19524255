package io.millrace.jobs.trace;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.metrics.TraceCounters;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.util.List;
import java.util.Set;
import org.apache.flink.metrics.MetricGroup;

/**
 * Tells how prompts ended, one span for each, when all of it is known. A prompt with a traceparent
 * continues its producer's trace, if that is sampled; any other begins one, with ids of its own.
 *
 * <p>A task has one of its own, so that it ends with the task and its classes with the job. It is
 * used by the task's thread, which only ever puts a span into a queue.
 */
public final class PromptTracer implements AutoCloseable {
  private static final Set<String> REMOTE = Set.of("openai", "anthropic");

  /** The carrier is the header's value. */
  private static final TextMapGetter<String> TRACEPARENT =
      (carrier, key) -> "traceparent".equals(key) ? carrier : null;

  private final SpanFanOut spans;
  private final PromptIds ids = new PromptIds();
  private final SdkTracerProvider provider;
  private final Tracer tracer;
  private final PromptAttributes attributes;

  private PromptTracer(TraceSpec spec, SpanFanOut spans) {
    this.spans = spans;
    this.attributes =
        new PromptAttributes(
            spec.messages() == null
                ? null
                : new PromptTexts(spec.messages().get(), spec.textLengthMax()));
    this.provider =
        SdkTracerProvider.builder()
            .setIdGenerator(ids)
            .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(spec.samplingRatio())))
            .setResource(
                Resource.getDefault()
                    .merge(Resource.create(Attributes.of(Names.SERVICE_NAME, Names.SERVICE))))
            .addSpanProcessor(spans)
            .build();
    this.tracer = provider.get(Names.SCOPE);
  }

  /**
   * @param stage the vertex, as dead letters name it
   * @param metrics where what is lost is counted
   * @return null if traces are off
   */
  public static PromptTracer open(TraceSpec spec, String stage, MetricGroup metrics) {
    if (spec.exporters().isEmpty()) {
      return null;
    }
    List<SpanQueue> queues =
        spec.exporters().stream()
            .map(
                exporter ->
                    new SpanQueue(
                        exporter.name(),
                        spec.queueMax(),
                        spec.timeout(),
                        () -> OtlpExporters.open(exporter, spec.timeout()),
                        new TraceCounters(metrics, exporter.name(), stage)))
            .toList();
    return new PromptTracer(spec, new SpanFanOut(queues, spec.flushTimeout()));
  }

  /** An admitted prompt ended, well or not. */
  public void settled(SettledPrompt settled) {
    var prompt = settled.prompt();
    var row = settled.row();
    Span span =
        begin(
            Names.CHAT + " " + prompt.getModel(),
            REMOTE.contains(row.getBackend()) ? SpanKind.CLIENT : SpanKind.INTERNAL,
            prompt.getTraceparent(),
            prompt.getRequestId(),
            prompt.getTimestampMs(),
            Math.max(row.getAttempt(), prompt.getAttempt()),
            prompt.getAdmittedMs());
    if (span.isRecording()) {
      attributes.settled(span, settled);
    }
    span.end(Math.max(row.getEventTime().toEpochMilli(), prompt.getAdmittedMs()), MILLISECONDS);
  }

  /**
   * A prompt ended before it came to a model.
   *
   * @param timestampMs of its record; null or negative if it has none
   * @param startMs when it was first looked at, epoch milliseconds
   */
  public void refused(DeadLetter letter, Long timestampMs, long startMs, long nowMs) {
    Span span =
        begin(
            Names.CHAT,
            SpanKind.INTERNAL,
            letter.traceparent(),
            letter.topic() + "-" + letter.partition() + "-" + letter.offset(),
            timestampMs == null || timestampMs < 0 ? null : timestampMs,
            0,
            startMs);
    if (span.isRecording()) {
      attributes.refused(span, letter);
    }
    span.end(Math.max(startMs, nowMs), MILLISECONDS);
  }

  private Span begin(
      String name,
      SpanKind kind,
      String traceparent,
      String requestId,
      Long timestampMs,
      int attempt,
      long startMs) {
    ids.next(requestId, timestampMs, attempt);
    SpanBuilder span =
        tracer.spanBuilder(name).setSpanKind(kind).setStartTimestamp(startMs, MILLISECONDS);
    Context producer =
        W3CTraceContextPropagator.getInstance().extract(Context.root(), traceparent, TRACEPARENT);
    // The conventions of messaging want the link also where the producer's span is the parent.
    span.setParent(producer).addLink(Span.fromContext(producer).getSpanContext());
    return span.startSpan();
  }

  /** Sends what is left, for as long as that may take, and counts what cannot be sent. */
  @Override
  public void close() {
    spans.close();
    provider.shutdown();
  }
}
