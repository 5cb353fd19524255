package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;

/** Every option that the Flink on the class path declares in its option classes, by key. */
public final class FlinkOptions {
  /** Flink's own reporter, and ours. */
  private static final Map<String, Set<String>> REPORTERS =
      Map.of(
          "metrics.reporter.prom.", Set.of("factory.class", "port"),
          "metrics.reporter.llm.", Set.of("factory.class", "port", "bind-address"));

  private FlinkOptions() {}

  static Map<String, ConfigOption<?>> all() throws IOException {
    Map<String, ConfigOption<?>> options = new HashMap<>();
    for (String element : System.getProperty("java.class.path").split(File.pathSeparator)) {
      File file = new File(element);
      if (file.getName().startsWith("flink-") && file.getName().endsWith(".jar")) {
        for (String name : optionClasses(file)) {
          collect(name, options);
        }
      }
    }
    return options;
  }

  /**
   * Checks that every key is an option, and that its value has the option's type.
   *
   * @param alsoKnown keys of others than Flink
   */
  public static void require(Configuration configuration, Set<String> alsoKnown)
      throws IOException {
    Map<String, ConfigOption<?>> options = all();
    for (String key : configuration.keySet()) {
      String reporter = REPORTERS.keySet().stream().filter(key::startsWith).findAny().orElse(null);
      if (reporter != null) {
        assertThat(key.substring(reporter.length())).isIn(REPORTERS.get(reporter));
      } else if (!alsoKnown.contains(key)) {
        ConfigOption<?> option = options.getOrDefault(key, named(key, options));
        assertThat(option).as("option of Flink: " + key).isNotNull();
        if (option.key().equals(key)) {
          assertThat(configuration.getOptional(option)).as(key).isPresent();
        }
      }
    }
  }

  /** An option whose key holds a name, such as {@code external-resource.<resource_name>.amount}. */
  private static ConfigOption<?> named(String key, Map<String, ConfigOption<?>> options) {
    return options.values().stream()
        .filter(option -> option.key().contains(".<"))
        .filter(
            option ->
                key.matches(
                    option
                        .key()
                        .replace(".", "\\.")
                        .replaceAll("<resource_name>", "[a-z]+")
                        .replaceAll("<\\w+>", "[a-z.-]+")))
        .findAny()
        .orElse(null);
  }

  private static List<String> optionClasses(File file) throws IOException {
    try (JarFile jar = new JarFile(file)) {
      return jar.stream()
          .map(JarEntry::getName)
          .filter(name -> name.startsWith("org/apache/flink/") && name.endsWith("Options.class"))
          .map(name -> name.substring(0, name.length() - ".class".length()).replace('/', '.'))
          .toList();
    }
  }

  private static void collect(String className, Map<String, ConfigOption<?>> options) {
    try {
      for (Field field : Class.forName(className).getFields()) {
        if (Modifier.isStatic(field.getModifiers()) && field.getType() == ConfigOption.class) {
          ConfigOption<?> option = (ConfigOption<?>) field.get(null);
          options.put(option.key(), option);
        }
      }
    } catch (ReflectiveOperationException | LinkageError e) {
      // Options of something that is not on the class path, such as Hadoop.
      options.remove(className);
    }
  }
}
