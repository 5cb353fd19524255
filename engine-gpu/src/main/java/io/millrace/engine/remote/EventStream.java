package io.millrace.engine.remote;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Splits bytes into the events of a {@code text/event-stream} (WHATWG HTML, server-sent events), of
 * which only the data matters here: both protocols repeat an event's type in it. Comments, which
 * servers send to keep a connection alive, are skipped. Lines and the whole are bounded.
 */
final class EventStream {

  /** Takes the data of one event. */
  @FunctionalInterface
  interface Listener {
    void onEvent(String data) throws RemoteException;
  }

  private final int lineBytesMax;
  private final long bytesMax;
  private final Listener listener;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final StringBuilder data = new StringBuilder();
  private boolean hasData;
  private boolean afterCarriageReturn;
  private long bytes;

  /**
   * @param lineBytesMax longest line, and longest data of an event of several lines
   * @param bytesMax most bytes of all
   */
  EventStream(int lineBytesMax, long bytesMax, Listener listener) {
    this.lineBytesMax = lineBytesMax;
    this.bytesMax = bytesMax;
    this.listener = listener;
  }

  /**
   * @throws RemoteException if a bound is passed, or the listener throws it
   */
  void feed(ByteBuffer buffer) throws RemoteException {
    bytes += buffer.remaining();
    if (bytes > bytesMax) {
      throw RemoteException.broken("the answer has more than " + bytesMax + " bytes");
    }
    while (buffer.hasRemaining()) {
      byte b = buffer.get();
      boolean secondOfTwo = b == '\n' && afterCarriageReturn;
      afterCarriageReturn = b == '\r';
      if (b == '\n' || b == '\r') {
        if (!secondOfTwo) {
          endLine();
        }
      } else {
        line.write(b);
        if (line.size() > lineBytesMax) {
          throw tooLong();
        }
      }
    }
  }

  /** The last event, where its empty line is missing; a line that was cut off is dropped. */
  void end() throws RemoteException {
    dispatch();
  }

  private void endLine() throws RemoteException {
    String text = line.toString(StandardCharsets.UTF_8);
    line.reset();
    if (text.isEmpty()) {
      dispatch();
    } else if (text.startsWith("data:")) {
      if (hasData) {
        data.append('\n');
      }
      hasData = true;
      data.append(text, text.startsWith(" ", 5) ? 6 : 5, text.length());
      if (data.length() > lineBytesMax) {
        throw tooLong();
      }
    }
  }

  private void dispatch() throws RemoteException {
    if (hasData) {
      String event = data.toString();
      data.setLength(0);
      hasData = false;
      listener.onEvent(event);
    }
  }

  private RemoteException tooLong() {
    return RemoteException.broken("the answer has a line of more than " + lineBytesMax + " bytes");
  }
}
