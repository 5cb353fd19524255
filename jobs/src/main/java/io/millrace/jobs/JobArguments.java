package io.millrace.jobs;

import java.io.File;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;

/**
 * A job's command line: {@code --config DIR} with a config.yaml, and {@code -Dkey=value} over it.
 */
final class JobArguments {
  private static final String CONFIG = "--config";

  private JobArguments() {}

  /**
   * @throws IllegalArgumentException naming the argument that is wrong
   */
  static Configuration parse(String[] args) {
    Configuration options = new Configuration();
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals(CONFIG) && i + 1 < args.length) {
        File directory = new File(args[++i]);
        if (!directory.isDirectory()) {
          throw new IllegalArgumentException(CONFIG + " " + directory + " is no directory");
        }
        options.addAll(GlobalConfiguration.loadConfiguration(directory.getPath()));
      } else if (args[i].startsWith("-D") && args[i].indexOf('=') > 2) {
        int equals = args[i].indexOf('=');
        options.setString(args[i].substring(2, equals), args[i].substring(equals + 1));
      } else {
        throw new IllegalArgumentException(
            "unexpected argument " + args[i] + "; expected --config DIR or -Dkey=value");
      }
    }
    return options;
  }
}
