package io.millrace.jobs;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.flink.configuration.ConfigOption;

/** Every option that the Flink on the class path declares in its option classes, by key. */
public final class FlinkOptions {

  private FlinkOptions() {}

  public static Map<String, ConfigOption<?>> all() throws IOException {
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
