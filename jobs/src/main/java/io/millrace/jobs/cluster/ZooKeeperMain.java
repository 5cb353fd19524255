package io.millrace.jobs.cluster;

import io.millrace.jobs.embedded.Ports;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ZooKeeperServer;

/** One ZooKeeper server, the one that Flink's jars bring, on the loopback interface. */
public final class ZooKeeperMain {
  /** Sessions last 2 to 20 ticks: 1 to 10 s. */
  private static final int TICK_MILLIS = 500;

  private static final int CONNECTIONS_MAX = 100;

  private ZooKeeperMain() {}

  /**
   * @param args directory, port
   */
  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[0]);
    ServerCnxnFactory server =
        ServerCnxnFactory.createFactory(
            new InetSocketAddress(Ports.LOOPBACK, Integer.parseInt(args[1])), CONNECTIONS_MAX);
    server.startup(new ZooKeeperServer(directory.toFile(), directory.toFile(), TICK_MILLIS));
    server.join();
  }
}
