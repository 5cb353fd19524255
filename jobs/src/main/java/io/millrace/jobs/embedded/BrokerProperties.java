package io.millrace.jobs.embedded;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;

/**
 * How one broker, which is its own controller, is configured for a laptop: loopback only, one
 * replica of everything, few threads and little memory. What makes data durable (flushing,
 * acknowledgements) is as Kafka has it.
 */
final class BrokerProperties {

  static final int NODE_ID = 1;
  static final String CLIENT_LISTENER = "CLIENTS";
  static final String CONTROLLER_LISTENER = "CONTROLLER";
  static final String HOST = "127.0.0.1";

  private static final int MIB = 1 << 20;

  private BrokerProperties() {}

  static Properties of(Path directory, int port, int controllerPort, BrokerSecurity security) {
    String client = CLIENT_LISTENER + "://" + HOST + ":" + port;
    String controller = CONTROLLER_LISTENER + "://" + HOST + ":" + controllerPort;
    Properties p = new Properties();

    // A static quorum of one: unlike a dynamic one it keeps no port on disk, so that the
    // controller's port may change from start to start.
    set(p, "process.roles", "broker,controller");
    set(p, "node.id", NODE_ID);
    set(p, "controller.quorum.voters", NODE_ID + "@" + HOST + ":" + controllerPort);
    set(p, "controller.listener.names", CONTROLLER_LISTENER);
    set(p, "listeners", client + "," + controller);
    set(p, "advertised.listeners", client + "," + controller);
    set(p, "inter.broker.listener.name", CLIENT_LISTENER);
    set(
        p,
        "listener.security.protocol.map",
        CLIENT_LISTENER + ":" + security.protocol() + "," + CONTROLLER_LISTENER + ":PLAINTEXT");
    set(p, "log.dir", directory.toString());

    // A misspelt topic is an error, not a new topic.
    set(p, "auto.create.topics.enable", false);
    set(p, "default.replication.factor", 1);
    set(p, "offsets.topic.replication.factor", 1);
    set(p, "offsets.topic.num.partitions", 4);
    set(p, "transaction.state.log.replication.factor", 1);
    set(p, "transaction.state.log.min.isr", 1);
    set(p, "transaction.state.log.num.partitions", 4);
    set(p, "share.coordinator.state.topic.replication.factor", 1);
    set(p, "share.coordinator.state.topic.min.isr", 1);
    set(p, "share.coordinator.state.topic.num.partitions", 1);

    // The Kafka sink's own default for a transaction; the broker allows 15 minutes unless told.
    set(p, "transaction.max.timeout.ms", Duration.ofHours(1).toMillis());

    // Nobody else will join the group: waiting for more members only delays the first one.
    set(p, "group.initial.rebalance.delay.ms", 0);
    // The broker serves clients from the heartbeat after its registration on.
    set(p, "broker.heartbeat.interval.ms", 500);

    set(p, "num.network.threads", 2);
    set(p, "num.io.threads", 4);
    set(p, "background.threads", 2);
    set(p, "num.recovery.threads.per.data.dir", 1);
    set(p, "group.coordinator.threads", 1);
    set(p, "share.coordinator.threads", 1);
    set(p, "log.cleaner.dedupe.buffer.size", 4 * MIB);
    set(p, "log.cleaner.io.buffer.size", MIB / 8);
    set(p, "log.segment.bytes", 128 * MIB);
    set(p, "log.index.size.max.bytes", MIB);
    set(p, "log.retention.bytes", 1024L * MIB);
    set(p, "offsets.topic.segment.bytes", 8 * MIB);
    set(p, "transaction.state.log.segment.bytes", 8 * MIB);
    p.putAll(security.properties());
    return p;
  }

  private static void set(Properties properties, String key, Object value) {
    properties.setProperty(key, value.toString());
  }
}
