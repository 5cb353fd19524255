package io.millrace.engine.remote;

import io.millrace.engine.remote.RemoteException.Kind;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * One call to a server. Begun and watched by the engine's thread; the answer is put together by the
 * client's threads, which tell when the call has ended, once.
 */
final class RemoteCall {

  /**
   * How a call ended: one of both is null.
   *
   * @param call which
   */
  record Ending(RemoteCall call, RemoteAnswer answer, RemoteException failure) {}

  private static final int OK = 200;

  /** How long a stream may stay open after it said that it is at its end. */
  private static final long LINGER_NANOS = 500_000_000L;

  private final RemoteTarget target;
  private final AnswerReader reader;
  private final LongSupplier nanoClock;
  private final LongSupplier epochMillis;
  private final Consumer<Ending> told;
  private long startedNanos;

  private CompletableFuture<HttpResponse<byte[]>> response;
  private RemoteException cancelledFor;

  // Written by the client's threads.
  private volatile long lastByteNanos;
  private volatile long firstTokenMs;
  private volatile boolean streamEnded;
  private volatile ResponseSubscriber subscriber;

  /**
   * @param told runs on any thread
   */
  RemoteCall(
      RemoteTarget target,
      LongSupplier nanoClock,
      LongSupplier epochMillis,
      Consumer<Ending> told) {
    this.target = target;
    this.reader = target.protocol().reader();
    this.nanoClock = nanoClock;
    this.epochMillis = epochMillis;
    this.told = told;
    this.startedNanos = nanoClock.getAsLong();
    this.lastByteNanos = startedNanos;
  }

  /** Sends the request. */
  void start(HttpClient client, byte[] body) {
    // How long the note of it took is not the server's time.
    startedNanos = nanoClock.getAsLong();
    lastByteNanos = startedNanos;
    HttpRequest.Builder request =
        HttpRequest.newBuilder(target.endpoint())
            .header("Content-Type", "application/json")
            .header("Accept", "text/event-stream")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    target.protocol().addHeaders(request, target.key());
    response = client.sendAsync(request.build(), this::subscriber);
    var unused = response.whenComplete((arrived, e) -> told.accept(ending(arrived, e)));
  }

  private HttpResponse.BodySubscriber<byte[]> subscriber(HttpResponse.ResponseInfo info) {
    lastByteNanos = nanoClock.getAsLong();
    boolean events =
        info.statusCode() == OK
            && info.headers().firstValue("content-type").orElse("").startsWith("text/event-stream");
    subscriber =
        new ResponseSubscriber(
            events
                ? new EventStream(
                    RemoteLimits.LINE_BYTES_MAX, RemoteLimits.RESPONSE_BYTES_MAX, reader)
                : null,
            this::onBytes);
    return subscriber;
  }

  private void onBytes() {
    lastByteNanos = nanoClock.getAsLong();
    if (firstTokenMs == 0 && reader.begun()) {
      firstTokenMs = epochMillis.getAsLong();
    }
    streamEnded = reader.ended();
  }

  private Ending ending(HttpResponse<byte[]> response, Throwable e) {
    try {
      if (streamEnded) {
        // Whatever became of the connection after that. What the reader holds is not written again.
        return new Ending(this, reader.answer(), null);
      }
      if (e != null) {
        throw HttpFailure.of(e instanceof CompletionException ? e.getCause() : e);
      }
      if (response.statusCode() != OK) {
        throw HttpFailure.of(
            response.statusCode(),
            response.headers(),
            response.body(),
            target.key(),
            epochMillis.getAsLong());
      }
      if (response.body().length > 0) {
        throw new RemoteException(
            Kind.UNUSABLE,
            "remote_misconfigured",
            "the server does not stream its answer: is the URL right?",
            -1,
            true);
      }
      return new Ending(this, reader.answer(), null);
    } catch (RemoteException failure) {
      return new Ending(this, null, failure);
    }
  }

  /** Ends the call if it takes too long, or is answered and goes on. To be asked now and then. */
  void check(long nowNanos) {
    if (response == null) {
      return;
    }
    if (streamEnded && nowNanos - lastByteNanos > LINGER_NANOS) {
      cancel();
    } else if (nowNanos - lastByteNanos > target.limits().silenceMax().toNanos()) {
      giveUp("nothing came from the server for " + target.limits().silenceMax());
    } else if (nowNanos - startedNanos > target.limits().totalMax().toNanos()) {
      giveUp("the answer was not complete after " + target.limits().totalMax());
    }
  }

  private void giveUp(String why) {
    if (cancelledFor == null) {
      cancelledFor = new RemoteException(Kind.TRANSIENT, "remote_timeout", why, -1, true);
      cancel();
    }
  }

  /** Ends the call, of which nothing is wanted any more. */
  void cancel() {
    if (response != null) {
      response.cancel(true);
      ResponseSubscriber arriving = subscriber;
      if (arriving != null) {
        arriving.cancel();
      }
    }
  }

  /** Whether the request was sent, perhaps. */
  boolean started() {
    return response != null;
  }

  /** Why the engine's thread ended it; null if it did not. */
  RemoteException cancelledFor() {
    return cancelledFor;
  }

  /** When the answer's first text came, milliseconds since 1970 UTC; 0 if none did. */
  long firstTokenMs() {
    return firstTokenMs;
  }
}
