package io.millrace.jobs.trace;

import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.time.Duration;
import java.util.List;

/** Gives every receiver's queue each span, so that none waits for another. */
final class SpanFanOut implements SpanProcessor {
  private final List<SpanQueue> queues;
  private final Duration flushTimeout;

  SpanFanOut(List<SpanQueue> queues, Duration flushTimeout) {
    this.queues = queues;
    this.flushTimeout = flushTimeout;
  }

  @Override
  public void onEnd(ReadableSpan span) {
    SpanData data = span.toSpanData();
    queues.forEach(queue -> queue.offer(data));
  }

  @Override
  public void close() {
    long deadlineNanos = System.nanoTime() + flushTimeout.toNanos();
    queues.forEach(SpanQueue::end);
    queues.forEach(queue -> queue.awaitEnd(deadlineNanos));
  }

  @Override
  public void onStart(Context parent, ReadWriteSpan span) {}

  @Override
  public boolean isStartRequired() {
    return false;
  }

  @Override
  public boolean isEndRequired() {
    return true;
  }
}
