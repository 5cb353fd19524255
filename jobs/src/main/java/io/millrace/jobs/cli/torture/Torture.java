package io.millrace.jobs.cli.torture;

import io.millrace.jobs.cluster.ClusterSettings;
import io.millrace.jobs.cluster.Fault;
import io.millrace.jobs.cluster.FaultSchedule;
import io.millrace.jobs.cluster.ProcessCluster;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Kills processes of a cluster that is busy, then runs the same prompts undisturbed on the same
 * cluster, and compares what both left on the topics.
 *
 * <p>A fault follows when the one before is overcome: when a token is committed that was generated
 * after it, so many more answers as the seed says, and the engines are busy again.
 */
public final class Torture implements AutoCloseable {
  private final TortureSettings settings;
  private final List<String> messages;
  private final Consumer<String> teller;
  private final LongSupplier epochMillis;
  private final ProcessCluster cluster;
  private final List<Kill> kills = new ArrayList<>();
  private final List<Workload.Prompt> prompts = new ArrayList<>();
  private long beginMillis;

  /** A kill, when it was over, and which answers were being written. */
  private record Kill(Fault fault, long atMillis, Set<String> inProgress) {

    /** Those that went on, and with how many tokens done each. */
    List<Integer> resumed(Evidence evidence) {
      return inProgress.stream()
          .map(requestId -> evidence.doneWhenItWentOn(requestId, atMillis))
          .filter(tokens -> tokens > 0)
          .toList();
    }

    long resumedTokens(Evidence evidence) {
      return resumed(evidence).stream().mapToLong(Integer::longValue).sum();
    }

    String told(Evidence evidence) {
      return String.format(
          Locale.ROOT,
          "  %-12s %3d answers were being written, %3d of them resumed with %d tokens done",
          fault.name().toLowerCase(Locale.ROOT).replace('_', ' '),
          inProgress.size(),
          resumed(evidence).size(),
          resumedTokens(evidence));
    }
  }

  /**
   * Starts the cluster.
   *
   * @param messages that prompts are about
   * @param teller gets a line for what happens
   * @param epochMillis the time, as the job's machines have it
   */
  public Torture(
      TortureSettings settings,
      List<String> messages,
      Consumer<String> teller,
      LongSupplier epochMillis) {
    this.settings = settings;
    this.messages = messages;
    this.teller = teller;
    this.epochMillis = epochMillis;
    this.cluster =
        ProcessCluster.start(
            new ClusterSettings(
                settings.folder(),
                settings.flinkConf(),
                settings.taskManagers(),
                settings.slotsPerTaskManager()));
  }

  /** Where the cluster's dashboard is. */
  public String dashboardUrl() {
    return cluster.dashboardUrl();
  }

  /**
   * Runs both, and compares.
   *
   * @throws IllegalStateException when the job does not get on any more
   */
  public TortureReport run() {
    beginMillis = epochMillis.getAsLong();
    Set<String> requestIds;
    Evidence evidence;
    try (JobRun disturbed = new JobRun(cluster, settings, "disturbed", teller)) {
      disturb(disturbed);
      requestIds = disturbed.sender().requestIds();
      teller.accept(at() + "no more kills; " + disturbed.outstanding() + " answers to come");
      disturbed.drain();
      evidence = disturbed.evidence();
    }
    double seconds = (epochMillis.getAsLong() - beginMillis) / 1000.0;
    kills.forEach(kill -> teller.accept(kill.told(evidence)));
    teller.accept(at() + "the same " + prompts.size() + " prompts undisturbed");
    try (JobRun undisturbed = new JobRun(cluster, settings, "undisturbed", teller)) {
      repeat(undisturbed);
      teller.accept(at() + "done");
      return report(requestIds, evidence, undisturbed.evidence(), seconds);
    }
  }

  private void disturb(JobRun run) {
    Workload workload = new Workload(messages, settings.seed());
    FaultSchedule schedule =
        new FaultSchedule(settings.seed(), settings.engines() * settings.sequences());
    Runnable load = () -> feed(run, workload);
    run.await("first answer", load, () -> run.evidence().settled() > 0);
    teller.accept(at() + "the first answers are there");
    while (kills.size() < settings.killsMax() && timeLeft()) {
      FaultSchedule.Planned next = schedule.next();
      int wanted = run.evidence().settled() + next.afterAnswers();
      run.await(
          "further answer",
          load,
          () -> (run.evidence().settled() >= wanted && busy(run)) || !timeLeft());
      if (timeLeft()) {
        kill(run, next, load);
      }
    }
  }

  /** Whether answers are written in at least half of the engines' places: most are long. */
  private boolean busy(JobRun run) {
    return 2 * run.inProgress().count() >= settings.engines() * settings.sequences();
  }

  private void kill(JobRun run, FaultSchedule.Planned next, Runnable load) {
    Set<String> inProgress = run.inProgress().take();
    String killed = cluster.kill(next.fault(), next.which());
    Kill kill = new Kill(next.fault(), epochMillis.getAsLong(), inProgress);
    kills.add(kill);
    teller.accept(
        at() + "killed " + killed + " while " + inProgress.size() + " answers were being written");
    run.await(
        "token after the kill of " + killed,
        load,
        () -> run.evidence().newestTokenMillis() > kill.atMillis());
    // Who wrote on for a moment before it noticed, wrote what no reader will see.
    run.inProgress().take();
    teller.accept(
        at()
            + String.format(
                Locale.ROOT,
                "goes on, %.1f s after the kill; %d of %d prompts answered",
                (epochMillis.getAsLong() - kill.atMillis()) / 1000.0,
                run.evidence().settled(),
                run.sender().sent()));
  }

  /** Sends prompts until enough are outstanding. */
  private void feed(JobRun run, Workload workload) {
    while (run.outstanding() < settings.outstandingMax()) {
      Workload.Prompt prompt = workload.next();
      prompts.add(prompt);
      run.sender().send(prompt);
    }
  }

  private void repeat(JobRun run) {
    for (Workload.Prompt prompt : prompts) {
      run.await("room", () -> {}, () -> run.outstanding() < settings.outstandingMax());
      run.sender().send(prompt);
    }
    run.drain();
  }

  private TortureReport report(
      Set<String> requestIds, Evidence disturbed, Evidence undisturbed, double seconds) {
    Map<Fault, Integer> byFault = new EnumMap<>(Fault.class);
    long inProgress = 0;
    long resumed = 0;
    long resumedTokens = 0;
    for (Kill kill : kills) {
      byFault.merge(kill.fault(), 1, Integer::sum);
      inProgress += kill.inProgress().size();
      resumed += kill.resumed(disturbed).size();
      resumedTokens += kill.resumedTokens(disturbed);
    }
    return new TortureReport(
        byFault,
        prompts.size(),
        disturbed.answers(),
        disturbed.deadLetters(),
        disturbed.lost(requestIds),
        disturbed.duplicates(),
        disturbed.tokensTwice(),
        disturbed.tokensMissing(),
        disturbed.textDifferences(undisturbed),
        disturbed.ledgerUsd().subtract(undisturbed.ledgerUsd()),
        inProgress,
        resumed,
        resumedTokens,
        seconds);
  }

  private boolean timeLeft() {
    return epochMillis.getAsLong() - beginMillis < settings.max().toMillis();
  }

  private String at() {
    return String.format(
        Locale.ROOT, "%5.0f s  ", (epochMillis.getAsLong() - beginMillis) / 1000.0);
  }

  /** Ends every process. */
  @Override
  public void close() {
    cluster.close();
  }
}
