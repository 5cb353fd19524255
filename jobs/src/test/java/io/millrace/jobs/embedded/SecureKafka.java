package io.millrace.jobs.embedded;

import io.millrace.jobs.kafka.KafkaConnection;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/**
 * A broker that speaks TLS, knows its users by SCRAM, and denies what no ACL allows. Certificate
 * and passwords are made at each start.
 */
public final class SecureKafka implements AutoCloseable {
  private static final String MECHANISM = "SCRAM-SHA-512";
  private static final String BROKER = "broker";
  private static final String MODULE =
      "org.apache.kafka.common.security.scram.ScramLoginModule required ";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path directory;
  private final Map<String, String> passwords = new HashMap<>();
  private final String storePassword = password();
  private final EmbeddedKafka kafka;
  private final Admin admin;

  private SecureKafka(Path directory, List<String> users) throws IOException {
    this.directory = directory;
    Stream.concat(Stream.of(BROKER), users.stream()).forEach(u -> passwords.put(u, password()));
    makeCertificate();
    List<String> scram = new ArrayList<>();
    passwords.forEach(
        (name, password) ->
            scram.add(MECHANISM + "=[name=" + name + ",password=" + password + "]"));
    this.kafka =
        EmbeddedKafka.start(
            directory.resolve("kafka"),
            0,
            new BrokerSecurity("SASL_SSL", scram, brokerProperties()));
    this.admin = Admin.create(KafkaConnection.of(bootstrapServers(), file(BROKER)).with(Map.of()));
  }

  /**
   * @param users who have a password, and may do nothing yet
   */
  public static SecureKafka start(Path directory, String... users) throws IOException {
    return new SecureKafka(directory, List.of(users));
  }

  public String bootstrapServers() {
    return kafka.bootstrapServers();
  }

  public String password(String user) {
    return passwords.get(user);
  }

  /** Connection settings of a user whose password stands in another file. */
  public Optional<Path> file(String user) throws IOException {
    Path secrets = directory.resolve("secrets-" + user + ".properties");
    Files.writeString(secrets, "password=" + password(user) + "\nstore=" + storePassword + "\n");
    return Optional.of(
        settings(
            user,
            "username=\"" + user + "\" password=\"${file:" + secrets + ":password}\"",
            "${file:" + secrets + ":store}"));
  }

  /** Connection settings that hold the password themselves. */
  public Path fileWithPassword(String user, String password) throws IOException {
    return settings(
        user + "-literal",
        "username=\"" + user + "\" password=\"" + password + "\"",
        storePassword);
  }

  /** Connection settings that take the password from a variable of the environment. */
  public Path fileWithVariable(String user, String variable) throws IOException {
    return settings(
        user + "-variable",
        "username=\"" + user + "\" password=\"${env:" + variable + "}\"",
        storePassword);
  }

  private Path settings(String name, String login, String storePassword) throws IOException {
    return Files.writeString(
        directory.resolve(name + ".properties"),
        String.join(
            "\n",
            "# connection settings of a test",
            "security.protocol=SASL_SSL",
            "sasl.mechanism=" + MECHANISM,
            "sasl.jaas.config=" + MODULE + login + ";",
            "ssl.truststore.location=" + store(),
            "ssl.truststore.password=" + storePassword,
            ""));
  }

  public void createTopics(List<String> names) throws ExecutionException, InterruptedException {
    admin
        .createTopics(
            names.stream().map(n -> new NewTopic(n, Optional.of(1), Optional.empty())).toList())
        .all()
        .get();
  }

  /** Returns when the broker knows. */
  public void allow(
      String user, ResourceType type, String name, PatternType pattern, AclOperation... operations)
      throws ExecutionException, InterruptedException {
    List<AclBinding> bindings = new ArrayList<>();
    for (AclOperation operation : operations) {
      bindings.add(
          new AclBinding(
              new ResourcePattern(type, name, pattern),
              new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW)));
    }
    admin.createAcls(bindings).all().get();
  }

  @Override
  public void close() {
    admin.close();
    kafka.close();
  }

  private Map<String, String> brokerProperties() {
    return Map.ofEntries(
        Map.entry("sasl.enabled.mechanisms", MECHANISM),
        Map.entry("sasl.mechanism.inter.broker.protocol", MECHANISM),
        Map.entry(
            "listener.name.clients.scram-sha-512.sasl.jaas.config",
            MODULE + "username=\"" + BROKER + "\" password=\"" + password(BROKER) + "\";"),
        Map.entry("ssl.keystore.type", "PKCS12"),
        Map.entry("ssl.keystore.location", store().toString()),
        Map.entry("ssl.keystore.password", storePassword),
        Map.entry("ssl.truststore.location", store().toString()),
        Map.entry("ssl.truststore.password", storePassword),
        Map.entry(
            "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
        // The broker as its own controller comes without a login, over a listener of its own.
        Map.entry("super.users", "User:" + BROKER + ";User:ANONYMOUS"));
  }

  /** A key and a certificate signed with it; it serves as what clients trust, too. */
  private void makeCertificate() throws IOException {
    ProcessBuilder keytool =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair",
            "-alias",
            "broker",
            "-keyalg",
            "EC",
            "-dname",
            "CN=broker",
            "-ext",
            "san=ip:127.0.0.1,dns:localhost",
            "-ext",
            "bc:c",
            "-storetype",
            "PKCS12",
            "-keystore",
            store().toString(),
            "-storepass:env",
            "STORE_PASSWORD");
    keytool.environment().put("STORE_PASSWORD", storePassword);
    Process process = keytool.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!process.waitFor(2, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw new IOException("keytool: " + output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private Path store() {
    return directory.resolve("broker.p12");
  }

  private static String password() {
    return "secret-" + new BigInteger(100, RANDOM).toString(36);
  }
}
