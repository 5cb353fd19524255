package io.millrace.jobs.embedded;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real Kafka broker in this JVM, on the loopback interface, over a directory that a later start
 * goes on with.
 *
 * <p>A fault that Kafka cannot survive, a full disk for one, halts the JVM: see {@link
 * #onFatalFault}.
 */
public final class EmbeddedKafka implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedKafka.class);

  private static final String PORT_OPTION = "--kafka-port";
  private static final Duration SHUTDOWN_MAX = Duration.ofSeconds(20);
  private static final int FREE_PORT_ATTEMPTS_MAX = 5;

  private static volatile Consumer<String> faultReporter = System.err::println;

  private final KafkaRaftServer server;
  private final int port;
  private final KafkaTopics topics;

  private EmbeddedKafka(KafkaRaftServer server, int port) {
    this.server = server;
    this.port = port;
    this.topics = new KafkaTopics(bootstrapServers());
  }

  /**
   * Starts a broker and returns when it serves clients.
   *
   * @param directory its data; made ready when it is new or empty
   * @param port where clients connect; 0 takes a free one
   * @throws StartupException when the port is taken, or the directory cannot be used
   */
  public static EmbeddedKafka start(Path directory, int port) {
    return start(directory, port, BrokerSecurity.NONE);
  }

  /** As {@link #start(Path, int)}; users are those of the directory's first start. */
  static EmbeddedKafka start(Path directory, int port, BrokerSecurity security) {
    Path absolute = directory.toAbsolutePath().normalize();
    format(absolute, security);
    requireUnlocked(absolute);
    reportFaults();
    for (int attempt = 1; ; attempt++) {
      int clientPort = Ports.choose(port, PORT_OPTION);
      try {
        return start(absolute, clientPort, freePortOtherThan(clientPort), security);
      } catch (RuntimeException e) {
        if (!isBindFailure(e)) {
          throw new StartupException(
              "the embedded Kafka broker did not start in "
                  + absolute
                  + ": "
                  + oneLine(e.getMessage()),
              e);
        }
        if (attempt == FREE_PORT_ATTEMPTS_MAX) {
          throw Ports.taken(clientPort, PORT_OPTION, e);
        }
        // Someone took a port between its choice and its use; a fixed one is checked again.
      }
    }
  }

  /**
   * Names who gets one line before Kafka ends this JVM; standard error unless told. Holds for all
   * brokers of this JVM.
   */
  public static void onFatalFault(Consumer<String> reporter) {
    faultReporter = reporter;
  }

  /** The address for clients, {@code host:port}. */
  public String bootstrapServers() {
    return BrokerProperties.HOST + ":" + port;
  }

  public int port() {
    return port;
  }

  /** Creates and looks up topics on this broker. */
  public KafkaTopics topics() {
    return topics;
  }

  /**
   * Stops the broker; what was acknowledged is on disk. Returns within 20 seconds: a shutdown that
   * hangs is left to daemon threads, and the next start recovers as from a crash.
   */
  @Override
  public void close() {
    topics.close();
    try {
      Background.run(
          "embedded-kafka-shutdown",
          SHUTDOWN_MAX,
          () -> {
            server.shutdown();
            server.awaitShutdown();
          });
    } catch (TimeoutException e) {
      LOG.warn("The broker did not stop within {} s", SHUTDOWN_MAX.toSeconds());
    }
  }

  private static EmbeddedKafka start(
      Path directory, int port, int controllerPort, BrokerSecurity security) {
    Properties properties = BrokerProperties.of(directory, port, controllerPort, security);
    long begin = System.nanoTime();
    KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(properties, false), Time.SYSTEM);
    try {
      server.startup();
    } catch (RuntimeException e) {
      try {
        server.shutdown();
      } catch (RuntimeException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
    LOG.info(
        "Broker ready on port {} after {} ms",
        port,
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
    return new EmbeddedKafka(server, port);
  }

  /** Left alone, Kafka would end the JVM without a word on the console. */
  private static void reportFaults() {
    Exit.Procedure halt =
        (status, message) -> {
          faultReporter.accept(
              "the embedded Kafka broker cannot go on, and its log says why"
                  + (message == null ? "" : ": " + oneLine(message)));
          Runtime.getRuntime().halt(status);
        };
    Exit.setHaltProcedure(halt);
    Exit.setExitProcedure(halt);
  }

  /** Kafka takes the same lock, but failing to get it ends the JVM. */
  private static void requireUnlocked(Path directory) {
    try (FileChannel file =
            FileChannel.open(
                directory.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = file.tryLock()) {
      if (lock == null) {
        throw inUse(directory, null);
      }
    } catch (OverlappingFileLockException e) {
      throw inUse(directory, e);
    } catch (IOException e) {
      throw unusable(directory, e);
    }
  }

  private static StartupException inUse(Path directory, Throwable cause) {
    return new StartupException(
        directory + " is in use by another broker; stop it or choose another with --data", cause);
  }

  private static StartupException unusable(Path directory, Throwable cause) {
    return new StartupException(
        directory + " is not a directory that can be written; choose another with --data", cause);
  }

  private static int freePortOtherThan(int taken) {
    int port = Ports.choose(0, PORT_OPTION);
    while (port == taken) {
      port = Ports.choose(0, PORT_OPTION);
    }
    return port;
  }

  private static void format(Path directory, BrokerSecurity security) {
    try {
      Files.createDirectories(directory);
      if (!Files.isWritable(directory)) {
        throw unusable(directory, null);
      }
      if (Files.exists(directory.resolve("meta.properties"))) {
        return;
      }
      new Formatter()
          .setPrintStream(
              new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
          .setNodeId(BrokerProperties.NODE_ID)
          .setClusterId(Uuid.randomUuid().toString())
          .setControllerListenerName(BrokerProperties.CONTROLLER_LISTENER)
          .addDirectory(directory.toString())
          .setMetadataLogDirectory(directory.toString())
          .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
          .setScramArguments(security.scramUsers())
          .run();
    } catch (StartupException e) {
      throw e;
    } catch (IOException | UncheckedIOException e) {
      throw unusable(directory, e);
    } catch (Exception e) {
      throw new StartupException(
          directory + " cannot be prepared for Kafka: " + oneLine(e.getMessage()), e);
    }
  }

  private static boolean isBindFailure(RuntimeException e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof java.net.BindException || mentions(t, "failed to bind")) {
        return true;
      }
    }
    return false;
  }

  private static boolean mentions(Throwable t, String text) {
    return t.getMessage() != null && t.getMessage().contains(text);
  }

  private static String oneLine(String message) {
    return message == null ? "no reason given" : message.lines().findFirst().orElse("");
  }
}
