package io.millrace.jobs.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.config.provider.EnvVarConfigProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConnectionFileTest {
  private static final String JAAS =
      "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"millrace\" ";

  @TempDir Path directory;

  @Test
  void aSecretInTheFileStaysThereUntilAClientIsMade() throws Exception {
    Path file =
        write(
            "security.protocol=SASL_SSL\n"
                + "ssl.truststore.password=hunter2\n"
                + "sasl.jaas.config="
                + JAAS
                + "password=\"hunter3\";\n");
    KafkaConnection connection = KafkaConnection.of("broker:9093", Optional.of(file));

    assertThat(connection.toProperties().toString())
        .contains("broker:9093", "SASL_SSL", "${connection-file:" + file + ":sasl.jaas.config}")
        .doesNotContain("hunter");
    AdminClientConfig client = new AdminClientConfig(connection.with(Map.of()));
    assertThat(client.getPassword("ssl.truststore.password").value()).isEqualTo("hunter2");
    assertThat(client.getPassword("sasl.jaas.config").value())
        .isEqualTo(JAAS + "password=\"hunter3\";");
    assertThat(client.getString("security.protocol")).isEqualTo("SASL_SSL");
    assertThatCode(connection::requireResolved).doesNotThrowAnyException();
  }

  @Test
  void referencesAreResolvedFromFilesAndFolders() throws Exception {
    Files.writeString(directory.resolve("secrets.properties"), "kafka=one\n");
    Files.writeString(directory.resolve("store"), "two");
    Path file =
        write(
            "sasl.jaas.config="
                + JAAS
                + "password=\"${file:"
                + directory
                + "/secrets.properties:kafka}\";\n"
                + "ssl.truststore.password=${directory:"
                + directory
                + ":store}\n");
    KafkaConnection connection = KafkaConnection.of("broker:9093", Optional.of(file));
    AdminClientConfig client = new AdminClientConfig(connection.with(Map.of()));

    assertThat(client.getPassword("sasl.jaas.config").value())
        .isEqualTo(JAAS + "password=\"one\";");
    assertThat(client.getPassword("ssl.truststore.password").value()).isEqualTo("two");
  }

  @Test
  void onlyVariablesMeantForItAreTakenFromTheEnvironment() {
    Map<String, String> environment =
        Map.of("KAFKA_PASSWORD", "a", "MILLRACE_STORE", "b", "CLOUD_SECRET", "c", "MY_KAFKA_", "d");
    try (EnvVarConfigProvider provider = new EnvVarConfigProvider(environment)) {
      provider.configure(Map.of("allowlist.pattern", ConnectionFile.VARIABLES));
      assertThat(provider.get("").data()).containsOnlyKeys("KAFKA_PASSWORD", "MILLRACE_STORE");
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aReferenceThatLeadsNowhereIsToldBeforeAnyoneLogsInWithIt() throws Exception {
    Path file = write("ssl.key.password=${env:KAFKA_SURELY_NOT_SET}\n");
    assertThatThrownBy(KafkaConnection.of("b:1", Optional.of(file))::requireResolved)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "ssl.key.password of Kafka refers to ${env:KAFKA_SURELY_NOT_SET}, which is not set"
                + " here, or not allowed (variables: (KAFKA|MILLRACE)_[A-Za-z0-9_]+)");
    Path other = write("ssl.key.password=${file:/no/such/file:key}\n");
    assertThatThrownBy(KafkaConnection.of("b:1", Optional.of(other))::requireResolved)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("/no/such/file");
    // Set in every environment, but not meant for Kafka.
    Path path = write("ssl.key.password=${env:PATH}\n");
    assertThatThrownBy(KafkaConnection.of("b:1", Optional.of(path))::requireResolved)
        .hasMessageContaining("${env:PATH}")
        .hasMessageNotContaining("/bin");
  }

  @Test
  void aSecretThatLooksLikeAReferenceIsASecret() throws Exception {
    Path file = write("ssl.key.password=${file:" + directory + "/s.properties:key}\n");
    Files.writeString(directory.resolve("s.properties"), "key=${env:FOUR}\n");
    assertThatCode(KafkaConnection.of("b:1", Optional.of(file))::requireResolved)
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ssl.trustore.location=/x     | ssl.trustore.location is no setting of a connection to Kafka
          compression.type=zstd        | compression.type is no setting of a connection to Kafka
          group.id=mine                | group.id is no setting of a connection to Kafka
          bootstrap.servers=b:1        | bootstrap.servers is no setting of a connection to Kafka
          ssl.key.password=\\u12        | it is no file of properties
          sasl.jaas.config=M required username="${env:KAFKA_USER}" password="hunter2"; | sasl.jaas.config has references and a literal password; make that a reference too, such as ${env:KAFKA_PASSWORD}
          sasl.jaas.config=M required clientId=${env:KAFKA_ID} clientSecret=hunter2;   | sasl.jaas.config has references and a literal clientSecret; make that a reference too, such as ${env:KAFKA_PASSWORD}
          """)
  void whatIsWrongIsToldWithoutTheValue(String line, String message) throws Exception {
    Path file = write(line + "\n");
    assertThatThrownBy(() -> KafkaConnection.of("b:1", Optional.of(file)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Kafka's settings in %s: %s", file, message)
        .hasMessageNotContaining("hunter");
  }

  @Test
  void aFileThatIsNotThereOrTooLargeIsTold() throws Exception {
    Path none = directory.resolve("none");
    assertThatThrownBy(() -> KafkaConnection.of("b:1", Optional.of(none)))
        .hasMessage("Kafka's settings in %s: there is no such file", none);
    Path large = write("#" + "x".repeat(70_000));
    assertThatThrownBy(() -> KafkaConnection.of("b:1", Optional.of(large)))
        .hasMessage("Kafka's settings in %s: it has more than 65536 bytes", large);
  }

  @Test
  void providersOfTheOperatorsOwnAreKept() throws Exception {
    Files.writeString(directory.resolve("v"), "vault");
    Path file =
        write(
            "config.providers=vault\n"
                + "config.providers.vault.class="
                + "org.apache.kafka.common.config.provider.DirectoryConfigProvider\n"
                + "ssl.key.password=${vault:"
                + directory
                + ":v}\nssl.keystore.password=plain\n");
    KafkaConnection connection = KafkaConnection.of("b:1", Optional.of(file));
    AdminClientConfig client = new AdminClientConfig(connection.with(Map.of()));
    assertThat(client.getPassword("ssl.key.password").value()).isEqualTo("vault");
    assertThat(client.getPassword("ssl.keystore.password").value()).isEqualTo("plain");
  }

  private Path write(String text) throws Exception {
    return Files.writeString(Files.createTempFile(directory, "kafka", ".properties"), text);
  }
}
