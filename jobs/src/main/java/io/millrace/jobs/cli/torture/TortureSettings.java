package io.millrace.jobs.cli.torture;

import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.MillraceOptions.RecordFormat;
import io.millrace.jobs.MillraceOptions.TokenEvents;
import io.millrace.jobs.ModelOptions;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.configuration.Configuration;

/**
 * How a torture goes.
 *
 * @param folder of the cluster's files
 * @param flinkConf the configuration of a real cluster
 * @param model the model's file
 * @param seed of prompts and faults
 * @param max no fault comes, and no prompt, after this time
 * @param killsMax nor after so many
 * @param taskManagers each an own process
 * @param engines subtasks that generate
 * @param sequences that an engine works on at once
 */
public record TortureSettings(
    Path folder,
    Path flinkConf,
    Path model,
    long seed,
    Duration max,
    int killsMax,
    int taskManagers,
    int engines,
    int sequences) {

  private static final String MODEL = "default";

  /** Each engine one; everything else shares one. */
  int slotsPerTaskManager() {
    return (1 + engines + taskManagers - 1) / taskManagers;
  }

  /** Prompts sent and not yet answered: they keep the engines busy until the next commit. */
  int outstandingMax() {
    return 4 * engines * sequences;
  }

  /** The job's options. */
  Configuration job(String bootstrapServers, String topicPrefix) {
    ModelOptions of = new ModelOptions(MODEL);
    Configuration options = new Configuration();
    options.set(MillraceOptions.KAFKA_BOOTSTRAP, bootstrapServers);
    options.set(MillraceOptions.TOPIC_PREFIX, topicPrefix);
    options.set(MillraceOptions.TRANSACTION_PREFIX, topicPrefix + "millrace");
    options.set(MillraceOptions.GROUP_ID, topicPrefix + "millrace");
    options.set(MillraceOptions.TOKEN_EVENTS, TokenEvents.TOKEN);
    options.set(MillraceOptions.OUTPUT_FORMAT, RecordFormat.AVRO);
    options.set(of.path, model.toAbsolutePath().toString());
    options.set(of.parallelism, engines);
    options.set(of.threads, 1);
    options.set(of.sequencesMax, sequences);
    MillraceOptions.validate(options);
    return options;
  }
}
