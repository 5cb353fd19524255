package io.millrace.jobs.cli;

import io.millrace.jobs.cli.replay.Replay;
import io.millrace.jobs.cli.replay.Replay.Kind;
import io.millrace.jobs.kafka.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code replay}: dead letters back into the prompts topic. */
@Command(
    name = "replay",
    description = {
      "Send dead letters again: key, value and headers as they came, and a header more that counts.",
      "Those that could succeed now (retryable) are sent, the others (terminal) only where asked"
          + " for. Each is sent once, whatever happens to this command and however often it runs."
          + " A line of JSON for each goes to standard output."
    })
final class ReplayCommand implements Callable<Integer> {
  private static final String DEAD_LETTERS = "dead-letters";

  @Spec private CommandSpec spec;
  @Mixin private KafkaAddress kafka;

  @Option(
      names = "--from",
      paramLabel = "TOPIC",
      defaultValue = DEAD_LETTERS,
      description = "Where the dead letters are. Default: ${DEFAULT-VALUE}")
  private String from;

  @Option(
      names = "--kind",
      paramLabel = "retryable|terminal",
      defaultValue = "retryable",
      description = "Which of them. Default: ${DEFAULT-VALUE}")
  private Set<Kind> kinds;

  @Option(names = "--all", description = "Of either kind.")
  private boolean all;

  @Option(
      names = "--replays-max",
      paramLabel = "N",
      defaultValue = "3",
      description = "Leave those that were sent again so often. Default: ${DEFAULT-VALUE}")
  private int replaysMax;

  @Option(names = "--dry-run", description = "Say what would be sent, and send nothing.")
  private boolean dryRun;

  @Override
  public Integer call() {
    if (replaysMax < 1) {
      throw CommandFailure.wrongUse("--replays-max is " + replaysMax + ", must be at least 1");
    }
    String letters = kafka.requireTopic(from);
    if (!letters.endsWith(DEAD_LETTERS)) {
      throw CommandFailure.wrongUse(
          "--from needs a topic named ...dead-letters, beside which is ...prompts");
    }
    Topics topics = new Topics(letters.substring(0, letters.length() - DEAD_LETTERS.length()));
    String prompts = kafka.requireTopic(topics.prompts());
    Output out = new Output(System.out);
    boolean complete = true;
    for (Kind kind : all ? EnumSet.allOf(Kind.class) : EnumSet.copyOf(kinds)) {
      complete &= replay(letters, prompts, kind, out);
    }
    return complete ? ExitCodes.OK : ExitCodes.FAILURE;
  }

  private boolean replay(String letters, String prompts, Kind kind, Output out) {
    try (Replay replay =
        new Replay(
            kafka.connection(),
            letters,
            prompts,
            kind,
            replaysMax,
            dryRun,
            System::currentTimeMillis)) {
      Replay.Outcome outcome = replay.run(line -> out.line(line.getBytes(StandardCharsets.UTF_8)));
      report(outcome, prompts, kind);
      return outcome.gone() == 0;
    } catch (IOException e) {
      throw CommandFailure.failed(e.getMessage(), e);
    }
  }

  private void report(Replay.Outcome outcome, String prompts, Kind kind) {
    PrintWriter err = spec.commandLine().getErr();
    err.printf(
        "%s: %d %s to %s%n",
        kind.name().toLowerCase(java.util.Locale.ROOT),
        outcome.sent(),
        dryRun ? "would be sent" : "sent",
        prompts);
    note(
        err, outcome.expired(), "of them had a deadline that has passed: they will be answered so");
    note(
        err, outcome.givenUp(), "left, sent again " + replaysMax + " times before (--replays-max)");
    note(err, outcome.gone(), "lost: too large for a letter, and the topic no longer holds them");
    note(err, outcome.unreadable(), "records that are no dead letters");
    err.flush();
  }

  private static void note(PrintWriter err, long count, String what) {
    if (count > 0) {
      err.println("  " + count + " " + what);
    }
  }
}
