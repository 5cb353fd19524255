package io.millrace.jobs.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;

/** TCP ports of the loopback interface. */
public final class Ports {

  /** 127.0.0.1; the JDK's own loopback address is ::1 where IPv6 is preferred. */
  public static final InetAddress LOOPBACK = loopback();

  private Ports() {}

  /**
   * Returns {@code wanted} after making sure that nobody listens there, or a free port when {@code
   * wanted} is 0. Someone else may still take it before it is bound: a service that starts on a
   * free port should be ready to try once more.
   *
   * @param option the command line's option that chooses this port
   * @throws StartupException when the port is taken or out of range
   */
  public static int choose(int wanted, String option) {
    if (wanted < 0 || wanted > 65_535) {
      throw new StartupException("port " + wanted + " is not between 0 and 65535: " + option);
    }
    try (ServerSocket socket = new ServerSocket()) {
      // As the services do it: a port whose last connections linger in TIME_WAIT is free.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(LOOPBACK, wanted));
      return socket.getLocalPort();
    } catch (IOException e) {
      throw taken(wanted, option, e);
    }
  }

  static StartupException taken(int port, String option, Throwable cause) {
    return new StartupException(
        "port " + port + " is in use; choose another with " + option, cause);
  }

  private static InetAddress loopback() {
    try {
      return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }
}
