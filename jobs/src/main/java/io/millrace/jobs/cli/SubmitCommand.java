package io.millrace.jobs.cli;

import io.millrace.jobs.cli.submit.Submission;
import io.millrace.jobs.kafka.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code submit}: prompts of a file into a topic, and the answers where they are waited for. */
@Command(
    name = "submit",
    description = {
      "Send the prompts of a file to a running pipeline.",
      "With --wait the answers come on standard output as they are committed: for an OpenAI batch"
          + " line a line of batch output, for a bare body the bare chat completion."
    })
final class SubmitCommand implements Callable<Integer> {
  private static final String PROMPTS = "prompts";

  @Spec private CommandSpec spec;
  @Mixin private KafkaAddress kafka;

  @Parameters(
      paramLabel = "FILE",
      description = "JSON Lines: chat completion bodies or OpenAI batch lines; - is standard input")
  private String file;

  @Option(
      names = "--topic",
      defaultValue = "millrace.prompts",
      description = "Default: ${DEFAULT-VALUE}")
  private String topic;

  @Option(names = "--tenant", paramLabel = "T", description = "Who pays, for all of them.")
  private String tenant;

  @Option(names = "--wait", description = "Wait for the answers and print them.")
  private boolean wait;

  @Option(
      names = "--timeout",
      paramLabel = "D",
      defaultValue = "1h",
      description = "Longest wait, such as 90s. Default: ${DEFAULT-VALUE}")
  private Duration timeout;

  @Override
  public Integer call() throws Exception {
    PrintWriter err = spec.commandLine().getErr();
    try (InputStream in = open()) {
      String prompts = kafka.requireTopic(topic);
      if (wait && !prompts.endsWith(PROMPTS)) {
        throw CommandFailure.wrongUse(
            "--wait needs a topic named ...prompts, beside which are ...responses");
      }
      Topics topics = new Topics(prompts.substring(0, prompts.length() - PROMPTS.length()));
      Submission submission = new Submission(kafka.connection(), prompts, tenant);
      if (!wait) {
        long sent = submission.send(in);
        err.println(sent + " prompts are in " + prompts);
        err.flush();
        return ExitCodes.OK;
      }
      Output out = new Output(System.out);
      Submission.Outcome outcome =
          submission.sendAndWait(
              in,
              topics,
              timeout,
              out::line,
              line -> {
                err.println(line);
                err.flush();
              });
      err.println(outcome.answers() + " answers, " + outcome.errors() + " without one");
      err.flush();
      if (outcome.missing() > 0) {
        throw CommandFailure.failed(
            outcome.missing()
                + " answers did not come within --timeout "
                + timeout.toSeconds()
                + "s");
      }
      return outcome.errors() == 0 ? ExitCodes.OK : ExitCodes.FAILURE;
    }
  }

  private InputStream open() throws IOException {
    if (file.equals("-")) {
      return System.in;
    }
    Path path = Path.of(file);
    if (!Files.isRegularFile(path) || !Files.isReadable(path)) {
      throw CommandFailure.wrongUse(file + " is no file that can be read");
    }
    return Files.newInputStream(path);
  }
}
