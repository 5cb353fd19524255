package io.millrace.engine.remote;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.engine.remote.RemoteException.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/** What failed calls mean: which to repeat, which to make elsewhere, which to give up. */
final class HttpFailure {
  private static final int MESSAGE_LENGTH_MAX = 200;
  private static final int CLIENT_ERRORS = 400;
  private static final int SERVER_ERRORS = 500;

  /** The code of a server that has more calls than it takes. */
  static final String OVERLOADED = "remote_overloaded";

  /** Client errors that pass: time-out, conflict, too early, too many requests. */
  private static final Set<Integer> PASSING = Set.of(408, 409, 425, 429);

  /** Types of errors in a stream that lie with the request; all others pass. */
  private static final Set<String> REQUESTS_FAULT =
      Set.of("invalid_request_error", "exceed_context_size_error", "BadRequestError");

  private HttpFailure() {}

  /**
   * What a response other than 200 means.
   *
   * @param body of it, perhaps cut off
   * @param key is removed from what the server says
   * @param nowMs milliseconds since 1970 UTC
   */
  static RemoteException of(int status, HttpHeaders headers, byte[] body, ApiKey key, long nowMs) {
    JsonNode error = error(body);
    String said = said(error, key);
    String answered = "the server answered " + status;
    if (status == 401 || status == 403) {
      // What the server says may quote the key, in part.
      return unusable("remote_unauthorized", answered + ": it does not accept the key");
    }
    if (status < CLIENT_ERRORS) {
      return unusable(
          "remote_misconfigured", answered + ", which is no answer; redirects are not followed");
    }
    if (status == 402 || type(error, "code").equals("insufficient_quota")) {
      return unusable("remote_quota", answered + said);
    }
    if (status == 404 || status == 405) {
      return unusable(
          "remote_misconfigured", answered + ": is the URL right, and the model?" + said);
    }
    boolean passes = status >= SERVER_ERRORS || PASSING.contains(status);
    String told = headers.firstValue("x-should-retry").orElse(Boolean.toString(passes));
    if (told.equals("true")) {
      // A server may have answered what a gateway before it gave up on.
      return new RemoteException(
          Kind.TRANSIENT,
          status == 429 || status == 529 ? OVERLOADED : "remote_failed",
          answered + said,
          RetryAfter.readMs(headers, nowMs),
          status == 408 || status == 504);
    }
    if (passes) {
      return unusable("remote_failed", answered + " and wants no retry" + said);
    }
    return refused(isTooLong(error), answered + said);
  }

  /** An error that came in place of the rest of an answer. */
  static RemoteException inStream(JsonNode error) {
    if (REQUESTS_FAULT.contains(type(error, "type"))) {
      return refused(isTooLong(error), "the server refused" + said(error, ApiKey.NONE));
    }
    return RemoteException.broken("the server failed within its answer" + said(error, ApiKey.NONE));
  }

  /** What an exception of the client means. */
  static RemoteException of(Throwable e) {
    if (e instanceof RemoteException remote) {
      return remote;
    }
    boolean unreached =
        e instanceof ConnectException
            || e instanceof HttpConnectTimeoutException
            || e instanceof UnresolvedAddressException;
    String what =
        e instanceof HttpConnectTimeoutException
            ? "no connection to the server in time"
            : unreached
                ? "the server cannot be reached"
                : e instanceof IOException
                    ? "the connection to the server broke"
                    : "the client failed";
    return new RemoteException(
        Kind.TRANSIENT,
        "remote_unreachable",
        what + " (" + e.getClass().getSimpleName() + ")",
        -1,
        !unreached);
  }

  private static RemoteException unusable(String code, String message) {
    return new RemoteException(Kind.UNUSABLE, code, message, -1, false);
  }

  private static RemoteException refused(boolean tooLong, String message) {
    return new RemoteException(
        Kind.REFUSED, tooLong ? "context_length_exceeded" : "remote_refused", message, -1, false);
  }

  private static boolean isTooLong(JsonNode error) {
    String message = type(error, "message").toLowerCase(Locale.ROOT);
    return type(error, "code").equals("context_length_exceeded")
        || type(error, "type").equals("exceed_context_size_error")
        || message.contains("context length")
        || message.contains("context size")
        || message.contains("prompt is too long");
  }

  /** The error object of a body: all of it where it is not wrapped; empty where there is none. */
  private static JsonNode error(byte[] body) {
    try {
      JsonNode root = StreamJson.object(new String(body, StandardCharsets.UTF_8));
      return root.path("error").isObject() ? root.get("error") : root;
    } catch (RemoteException e) {
      return StreamJson.MAPPER.createObjectNode();
    }
  }

  private static String type(JsonNode error, String field) {
    return error.path(field).isTextual() ? error.get(field).textValue() : "";
  }

  /** What the server says, on one line and not much of it: it may quote the prompt. */
  private static String said(JsonNode error, ApiKey key) {
    String message = key.removedFrom(type(error, "message")).replaceAll("[\\p{Cntrl}\\s]+", " ");
    if (message.isBlank()) {
      return "";
    }
    return ": "
        + (message.length() > MESSAGE_LENGTH_MAX
            ? message.substring(0, MESSAGE_LENGTH_MAX) + "..."
            : message);
  }
}
