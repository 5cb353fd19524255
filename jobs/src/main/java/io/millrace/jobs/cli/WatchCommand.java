package io.millrace.jobs.cli;

import io.millrace.jobs.cli.events.CommittedReader;
import io.millrace.jobs.cli.events.CommittedReader.From;
import io.millrace.jobs.cli.watch.EventLine;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code watch}: a topic's committed events, a line each. */
@Command(
    name = "watch",
    description = {"Print a topic's committed events, one line each, until Ctrl-C."})
final class WatchCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofMillis(500);

  @Spec private CommandSpec spec;
  @Mixin private KafkaAddress kafka;

  @Parameters(
      paramLabel = "TOPIC",
      description = "Such as responses, costs, tokens or dead-letters; or a full name.")
  private String topic;

  @Option(
      names = "--from",
      paramLabel = "beginning|now",
      defaultValue = "now",
      description = "Where to begin. Default: ${DEFAULT-VALUE}")
  private From from;

  @Option(names = "--json", description = "Print JSON, whatever the format in the topic.")
  private boolean json;

  @Option(
      names = "--max",
      paramLabel = "N",
      defaultValue = "9223372036854775807",
      description = "End after so many events.")
  private long max;

  @Override
  public Integer call() {
    if (max < 1) {
      throw CommandFailure.wrongUse("--max is " + max + ", must be at least 1");
    }
    String name = kafka.requireTopic(topic);
    PrintWriter err = spec.commandLine().getErr();
    try (Interrupts interrupts = Interrupts.handledBy(ExitCodes.OK, () -> {});
        CommittedReader reader = new CommittedReader(kafka.connection(), List.of(name), from)) {
      err.println("watching " + name + " at " + kafka.bootstrapServers());
      err.flush();
      print(reader, EventLine.of(name, json));
    }
    return ExitCodes.OK;
  }

  private void print(CommittedReader reader, EventLine lines) {
    Output out = new Output(System.out);
    for (long count = 0; count < max; ) {
      for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
        out.line(lines.print(record).getBytes(StandardCharsets.UTF_8));
        if (++count == max) {
          return;
        }
      }
    }
  }
}
