package io.millrace.jobs.cluster;

import io.millrace.jobs.embedded.EmbeddedKafka;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** The broker of {@link EmbeddedKafka} as a process of its own. */
public final class BrokerMain {
  private BrokerMain() {}

  /**
   * @param args directory, port
   */
  public static void main(String[] args) throws InterruptedException {
    EmbeddedKafka.start(Path.of(args[0]), Integer.parseInt(args[1]));
    new CountDownLatch(1).await(); // until it is killed, or its parent ends
  }
}
