package io.millrace.jobs.kafka;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.ConfigTransformer;
import org.apache.kafka.common.config.provider.DirectoryConfigProvider;
import org.apache.kafka.common.config.provider.EnvVarConfigProvider;
import org.apache.kafka.common.config.provider.FileConfigProvider;

/**
 * A file of connection settings in Kafka's own form, {@code key=value}: TLS, SASL, time-outs.
 *
 * <pre>
 * security.protocol=SASL_SSL
 * sasl.mechanism=SCRAM-SHA-512
 * sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
 *   username="millrace" password="${env:KAFKA_PASSWORD}";
 * ssl.truststore.location=/etc/millrace/truststore.p12
 * ssl.truststore.password=${file:/etc/millrace/secrets.properties:truststore}
 * </pre>
 *
 * <p>A secret never travels with a job. References, as above, are passed on and resolved by Kafka's
 * own config providers where a client is made; {@code env}, {@code file} and {@code directory} are
 * there without being asked for. A secret that stands in the file itself is replaced by a reference
 * to the file, which must then be on every machine, at the same path.
 */
final class ConnectionFile {

  /** Variables that {@code ${env:...}} may name, so that the file cannot send off any other. */
  static final String VARIABLES = "(KAFKA|MILLRACE)_[A-Za-z0-9_]+";

  private static final int BYTES_MAX = 64 << 10;
  private static final String PROVIDERS = AbstractConfig.CONFIG_PROVIDERS_CONFIG;

  /** The provider's name under which this file is read again. */
  private static final String THIS_FILE = "connection-file";

  private static final Pattern REFERENCE = ConfigTransformer.DEFAULT_PATTERN;

  /** An option of a JAAS module that holds a secret, with what is left of its value. */
  private static final Pattern LITERAL_SECRET =
      Pattern.compile("(?i)(\\w*(?:password|secret|token))\\s*=\\s*(?:\"[^\"]+\"|[^\"\\s;]+)");

  /** What all of Kafka's clients know is about connections; what only one knows is not. */
  private static final Map<String, ConfigDef.ConfigKey> KNOWN = known();

  private ConnectionFile() {}

  /**
   * The file's settings, with references in the place of secrets.
   *
   * @throws IllegalArgumentException naming the file and what is wrong with it; never a value
   */
  static Map<String, String> read(Path path) {
    Path file = path.toAbsolutePath().normalize();
    Properties properties = load(file);
    Map<String, String> settings = new HashMap<>();
    for (String key : new TreeSet<>(properties.stringPropertyNames())) {
      String value = properties.getProperty(key);
      if (!key.equals(PROVIDERS) && !key.startsWith(PROVIDERS + ".") && !KNOWN.containsKey(key)) {
        throw wrong(file, key + " is no setting of a connection to Kafka");
      }
      settings.put(key, isSecret(key) ? reference(file, key, value) : value);
    }
    addProviders(settings, file);
    return settings;
  }

  private static Properties load(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw wrong(file, "there is no such file");
      }
      if (Files.size(file) > BYTES_MAX) {
        throw wrong(file, "it has more than " + BYTES_MAX + " bytes");
      }
      Properties properties = new Properties();
      properties.load(new StringReader(Files.readString(file, StandardCharsets.UTF_8)));
      return properties;
    } catch (IOException e) {
      throw wrong(file, "it cannot be read (" + e.getClass().getSimpleName() + ")");
    } catch (IllegalArgumentException e) {
      if (e instanceof WrongFileException) {
        throw e;
      }
      throw wrong(file, "it is no file of properties");
    }
  }

  private static boolean isSecret(String key) {
    ConfigDef.ConfigKey known = KNOWN.get(key);
    return known != null && known.type == ConfigDef.Type.PASSWORD;
  }

  private static String reference(Path file, String key, String value) {
    Matcher references = REFERENCE.matcher(value);
    if (!references.find()) {
      if (file.toString().matches(".*[:{}].*")) {
        throw wrong(file, "a file with secrets has a path without ':', '{' and '}'");
      }
      return "${" + THIS_FILE + ":" + file + ":" + key + "}";
    }
    Matcher literal = LITERAL_SECRET.matcher(references.replaceAll(""));
    if (literal.find()) {
      throw wrong(
          file,
          key
              + " has references and a literal "
              + literal.group(1)
              + "; make that a reference too, such as ${env:KAFKA_PASSWORD}");
    }
    return value;
  }

  private static void addProviders(Map<String, String> settings, Path file) {
    String own = settings.get(PROVIDERS);
    if (own == null) {
      provider(settings, "env", EnvVarConfigProvider.class);
      settings.put(PROVIDERS + ".env.param.allowlist.pattern", VARIABLES);
      provider(settings, "file", FileConfigProvider.class);
      provider(settings, "directory", DirectoryConfigProvider.class);
      own = "env,file,directory";
    }
    provider(settings, THIS_FILE, FileConfigProvider.class);
    settings.put(PROVIDERS + "." + THIS_FILE + ".param.allowed.paths", file.toString());
    settings.put(PROVIDERS, own + "," + THIS_FILE);
  }

  private static void provider(Map<String, String> settings, String name, Class<?> type) {
    settings.put(PROVIDERS + "." + name + ".class", type.getName());
  }

  /**
   * Resolves every reference, as a client in this process would.
   *
   * @throws IllegalArgumentException naming a reference that leads nowhere
   */
  static void requireResolved(Map<String, ?> properties) {
    Map<String, Object> resolved;
    try {
      resolved = new AbstractConfig(new ConfigDef(), properties, false).originals();
    } catch (ConfigException e) {
      throw new WrongFileException("Kafka's settings cannot be resolved: " + e.getMessage());
    }
    resolved.forEach(
        (key, value) -> {
          Matcher left = REFERENCE.matcher(value.toString());
          // A secret may look like a reference, and is not for a message.
          if (left.find() && properties.get(key).toString().contains(left.group())) {
            throw new WrongFileException(
                key
                    + " of Kafka refers to "
                    + left.group()
                    + ", which is not set here, or not allowed (variables: "
                    + VARIABLES
                    + ")");
          }
        });
  }

  private static Map<String, ConfigDef.ConfigKey> known() {
    Map<String, ConfigDef.ConfigKey> known =
        new HashMap<>(AdminClientConfig.configDef().configKeys());
    known.keySet().retainAll(ConsumerConfig.configDef().configKeys().keySet());
    known.keySet().retainAll(ProducerConfig.configDef().configKeys().keySet());
    // Ours to say, or one client's own.
    known
        .keySet()
        .removeAll(
            Set.of(
                CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG,
                CommonClientConfigs.CLIENT_ID_CONFIG));
    return known;
  }

  private static WrongFileException wrong(Path file, String why) {
    return new WrongFileException("Kafka's settings in " + file + ": " + why);
  }

  /** Tells our own complaints from those of the JDK. */
  private static final class WrongFileException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    WrongFileException(String message) {
      super(message);
    }
  }
}
