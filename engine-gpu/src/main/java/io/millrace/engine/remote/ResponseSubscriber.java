package io.millrace.engine.remote;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/**
 * Takes a response's bytes in, as events or, of a refusal, as they are. Its methods run on the
 * client's threads, one after the other.
 */
final class ResponseSubscriber implements BodySubscriber<byte[]> {
  private final EventStream events;
  private final Runnable onBytes;
  private final ByteArrayOutputStream refusal = new ByteArrayOutputStream();
  private final CompletableFuture<byte[]> body = new CompletableFuture<>();
  private volatile Flow.Subscription subscription;

  /**
   * @param events where bytes go; null keeps the first of them
   * @param onBytes called when some have come
   */
  ResponseSubscriber(EventStream events, Runnable onBytes) {
    this.events = events;
    this.onBytes = onBytes;
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    this.subscription = subscription;
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    if (body.isDone()) {
      return;
    }
    try {
      for (ByteBuffer buffer : buffers) {
        if (events != null) {
          events.feed(buffer);
        } else {
          keep(buffer);
        }
      }
      onBytes.run();
    } catch (RemoteException | RuntimeException | StackOverflowError e) {
      body.completeExceptionally(e);
      subscription.cancel();
    }
  }

  /** Takes no more, from any thread. */
  void cancel() {
    body.completeExceptionally(new CancellationException());
    Flow.Subscription current = subscription;
    if (current != null) {
      current.cancel();
    }
  }

  /** Of a refusal, what is beyond the bound is not needed. */
  private void keep(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    refusal.write(bytes, 0, Math.min(bytes.length, RemoteLimits.ERROR_BYTES_MAX - refusal.size()));
    if (refusal.size() >= RemoteLimits.ERROR_BYTES_MAX) {
      body.complete(refusal.toByteArray());
      subscription.cancel();
    }
  }

  @Override
  public void onError(Throwable e) {
    body.completeExceptionally(e);
  }

  @Override
  public void onComplete() {
    try {
      if (events != null) {
        events.end();
      }
      body.complete(refusal.toByteArray());
    } catch (RemoteException | RuntimeException | StackOverflowError e) {
      body.completeExceptionally(e);
    }
  }
}
