package io.millrace.jobs.kafka;

import io.millrace.jobs.MillraceOptions;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.flink.configuration.Configuration;
import org.apache.kafka.clients.CommonClientConfigs;

/**
 * Where Kafka is, and how it is spoken to: what every client of ours begins with.
 *
 * <p>The properties hold no secret. Where one belongs stands a reference that Kafka's client
 * resolves when it is made, in the process that makes it: see {@link ConnectionFile}.
 */
public final class KafkaConnection {
  private final String bootstrapServers;
  private final Map<String, String> properties;

  private KafkaConnection(String bootstrapServers, Map<String, String> properties) {
    this.bootstrapServers = bootstrapServers;
    this.properties = Map.copyOf(properties);
  }

  /** Without encryption or login, as the embedded broker wants it. */
  public static KafkaConnection plaintext(String bootstrapServers) {
    return new KafkaConnection(bootstrapServers, Map.of());
  }

  /**
   * @param file of connection settings, as {@link ConnectionFile} describes; none for plaintext
   * @throws IllegalArgumentException naming the file and what is wrong with it
   */
  public static KafkaConnection of(String bootstrapServers, Optional<Path> file) {
    return new KafkaConnection(bootstrapServers, file.map(ConnectionFile::read).orElse(Map.of()));
  }

  /**
   * The connection that a job's options name.
   *
   * @throws IllegalArgumentException if no brokers are configured, or the file is wrong
   */
  public static KafkaConnection of(Configuration options) {
    String bootstrapServers =
        options
            .getOptional(MillraceOptions.KAFKA_BOOTSTRAP)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        MillraceOptions.KAFKA_BOOTSTRAP.key() + " is not set"));
    return of(bootstrapServers, options.getOptional(MillraceOptions.KAFKA_CONFIG).map(Path::of));
  }

  /** Where clients connect: host:port, comma-separated. */
  public String bootstrapServers() {
    return bootstrapServers;
  }

  /**
   * Checks that every reference to a secret leads somewhere in this process.
   *
   * @throws IllegalArgumentException naming one that does not
   */
  public void requireResolved() {
    ConnectionFile.requireResolved(properties);
  }

  /** A client's properties: the connection's, and the client's own over them. */
  public Map<String, Object> with(Map<String, ?> own) {
    Map<String, Object> all = new HashMap<>(properties);
    all.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    all.putAll(own);
    return all;
  }

  /** The connection's properties, in the form that Flink's builders take. */
  public Properties toProperties() {
    Properties all = new Properties();
    all.putAll(properties);
    all.setProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    return all;
  }
}
