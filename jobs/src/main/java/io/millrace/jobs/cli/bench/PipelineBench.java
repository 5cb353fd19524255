package io.millrace.jobs.cli.bench;

import io.millrace.jobs.cli.JobWatch;
import io.millrace.jobs.cli.bench.PipelineFigures.Checkpoints;
import io.millrace.jobs.cli.bench.PipelineFigures.Tenant;
import io.millrace.jobs.embedded.JobHandle;
import io.millrace.jobs.embedded.Pipeline;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Puts a running pipeline under load, in three phases, and measures its checkpoints and its
 * fairness:
 *
 * <ol>
 *   <li><i>alone</i>: one modest tenant;
 *   <li><i>flooded</i>: it goes on, and another sends many times as much;
 *   <li><i>saturated</i>: the other's answers are as long as allowed and go first, until every
 *       place in the batch has one; and so many come that the backlog is full and Kafka holds the
 *       rest. Then savepoints are taken.
 * </ol>
 */
final class PipelineBench implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(20);
  private static final long LOOK_NANOS = Duration.ofMillis(500).toNanos();
  private static final Duration SAVEPOINT_MAX = Duration.ofMinutes(5);
  private static final String MODEST = "modest";
  private static final String FLOOD = "flood";

  /** Sent before anything is measured, while code is compiled. */
  private static final int WARM_UP_PROMPTS = 32;

  /** The flood stays so many ahead of what is read, when the backlog is full. */
  private static final int AHEAD = 20;

  /** For a flood that keeps the backlog full and itself {@link #AHEAD}. */
  private static final int AS_MANY_AS_FIT = -1;

  /** So many records of one tenant are sent at most between two looks at anything else. */
  private static final int BURST = 200;

  /**
   * @param phase how long each phase lasts
   * @param perSecond prompts that the modest tenant sends
   * @param flood how many times as many the other sends
   * @param usual what both ask for
   * @param lengthy what the other asks for in the third phase
   * @param backlogPromptsMax the generate vertices' bound
   * @param savepoints how many to take
   * @param settleMax how long to wait for answers after a phase; those that are not there then are
   *     not counted
   */
  record Settings(
      Duration phase,
      double perSecond,
      int flood,
      PromptLoad.Wanted usual,
      PromptLoad.Wanted lengthy,
      long backlogPromptsMax,
      int savepoints,
      Duration settleMax) {}

  private final Pipeline pipeline;
  private final Settings settings;
  private final Path savepoints;
  private final Consumer<String> teller;
  private final PromptLoad load;
  private final SettledPrompts settled;
  private final GenerateGauges gauges;
  private final JobWatch watch;

  private final Map<Long, JobHandle.Completed> completed = new TreeMap<>();
  private GenerateGauges.Load now = new GenerateGauges.Load(0, 0);
  private long backlogMax;
  private long lookedNanos;
  private double modestDue;
  private double floodDue;
  private long steppedNanos;

  /**
   * @param messages what prompts say
   * @param savepoints a directory for them
   * @param teller gets lines on how far it is
   */
  PipelineBench(
      Pipeline pipeline,
      Settings settings,
      List<String> messages,
      Path savepoints,
      Consumer<String> teller) {
    this.pipeline = pipeline;
    this.settings = settings;
    this.savepoints = savepoints;
    this.teller = teller;
    this.load = new PromptLoad(pipeline.bootstrapServers(), pipeline.topics().prompts(), messages);
    this.settled = new SettledPrompts(pipeline.bootstrapServers(), pipeline.topics().costs());
    this.gauges = new GenerateGauges(pipeline.flinkMetricsUrl());
    this.watch = new JobWatch(pipeline.job(), teller);
  }

  PipelineFigures run() throws IOException, InterruptedException {
    warmUp();
    long failedBefore = pipeline.job().failedCheckpoints(); // some come while tasks still start
    Phase alone = phase("alone", 0, settings.usual(), settings.usual());
    until(() -> settledOf(alone) == alone.modestSent, settings.settleMax());

    Phase flooded = phase("flooded", settings.flood(), settings.usual(), settings.usual());
    until(() -> settledOf(flooded) == flooded.modestSent, settings.settleMax());

    PromptLoad.Wanted first =
        new PromptLoad.Wanted(
            settings.usual().tokensMax(), settings.usual().regex(), settings.lengthy().first());
    teller.accept("filling the backlog");
    until(this::fillUp, settings.settleMax());
    Phase saturated = phase("saturated", AS_MANY_AS_FIT, first, settings.lengthy());
    List<JobHandle.Completed> taken = takeSavepoints();
    until(() -> settledOf(saturated) == saturated.modestSent, settings.settleMax());

    double seconds = settings.phase().toMillis() / 1e3;
    List<SettledPrompts.Settled> then =
        settled.all().stream().filter(s -> flooded.holds(s.settledMs()) && s.answered()).toList();
    return new PipelineFigures(
        tenant(alone),
        tenant(flooded),
        tenant(saturated),
        List.of(checkpoints(alone), checkpoints(flooded), checkpoints(saturated)),
        Checkpoints.of("savepoints", taken),
        pipeline.job().failedCheckpoints() - failedBefore,
        backlogMax,
        then.size() / seconds,
        then.stream().mapToLong(SettledPrompts.Settled::outputTokens).sum() / seconds);
  }

  /** A stretch of time, and what the modest tenant sent in it. */
  private static final class Phase {
    final String name;
    final long beginMs = System.currentTimeMillis();
    long endMs = Long.MAX_VALUE;
    int modestSent;

    Phase(String name) {
      this.name = name;
    }

    boolean holds(long epochMs) {
      return epochMs >= beginMs && epochMs < endMs;
    }
  }

  private void warmUp() throws IOException, InterruptedException {
    teller.accept("warming up");
    for (int i = 0; i < WARM_UP_PROMPTS; i++) {
      load.send(MODEST, settings.usual());
    }
    until(() -> settled.all().size() >= WARM_UP_PROMPTS, settings.settleMax());
  }

  /**
   * @param floodFactor how many times as much the other sends; or {@link #AS_MANY_AS_FIT}
   */
  private Phase phase(
      String name, int floodFactor, PromptLoad.Wanted modest, PromptLoad.Wanted flood)
      throws IOException, InterruptedException {
    teller.accept(name + ": " + settings.phase().toSeconds() + " s");
    Phase phase = new Phase(name);
    long begin = System.nanoTime();
    steppedNanos = begin;
    modestDue = 0;
    floodDue = 0;
    while (System.nanoTime() - begin < settings.phase().toNanos()) {
      double passed = (System.nanoTime() - steppedNanos) / 1e9;
      steppedNanos = System.nanoTime();
      modestDue += passed * settings.perSecond();
      for (; modestDue >= 1; modestDue--) {
        load.send(MODEST, modest);
        phase.modestSent++;
      }
      floodDue += passed * settings.perSecond() * Math.max(0, floodFactor);
      for (int i = 0; i < BURST && floodDue >= 1; i++, floodDue--) {
        load.send(FLOOD, flood);
      }
      if (floodFactor == AS_MANY_AS_FIT) {
        keepAhead(flood);
      }
      look();
    }
    phase.endMs = System.currentTimeMillis();
    return phase;
  }

  /** Sends lengthy prompts until the backlog is full. */
  private boolean fillUp() {
    keepAhead(settings.lengthy());
    return now.backlogPrompts() >= settings.backlogPromptsMax();
  }

  private void keepAhead(PromptLoad.Wanted wanted) {
    boolean full = now.backlogPrompts() >= settings.backlogPromptsMax();
    long ahead = load.sent() - now.promptsRead();
    for (int i = 0; i < BURST && ahead < (full ? AHEAD : 5 * BURST); i++, ahead++) {
      load.send(FLOOD, wanted);
    }
  }

  private List<JobHandle.Completed> takeSavepoints() throws IOException, InterruptedException {
    for (int i = 1; i <= settings.savepoints(); i++) {
      teller.accept("savepoint " + i + " of " + settings.savepoints());
      keepAhead(settings.lengthy());
      pipeline.job().savepoint(savepoints, SAVEPOINT_MAX);
      lookedNanos = 0;
      look();
    }
    return completed.values().stream().filter(JobHandle.Completed::savepoint).toList();
  }

  private void until(BooleanSupplier condition, Duration max)
      throws IOException, InterruptedException {
    long begin = System.nanoTime();
    while (!condition.getAsBoolean() && System.nanoTime() - begin < max.toNanos()) {
      look();
    }
  }

  /** Takes in what is new. */
  private void look() throws IOException, InterruptedException {
    settled.read(POLL);
    watch.check();
    if (System.nanoTime() - lookedNanos > LOOK_NANOS) {
      lookedNanos = System.nanoTime();
      now = gauges.read();
      backlogMax = Math.max(backlogMax, now.backlogPrompts());
      pipeline.job().latestCheckpoints().forEach(c -> completed.put(c.number(), c));
    }
  }

  private long settledOf(Phase phase) {
    return modestIn(phase).size();
  }

  private List<SettledPrompts.Settled> modestIn(Phase phase) {
    return settled.all().stream()
        .filter(s -> s.tenant().equals(MODEST) && phase.holds(s.sentMs()))
        .toList();
  }

  private Tenant tenant(Phase phase) {
    return Tenant.of(
        phase.modestSent,
        modestIn(phase).stream().filter(SettledPrompts.Settled::answered).toList());
  }

  private Checkpoints checkpoints(Phase phase) {
    return Checkpoints.of(
        phase.name,
        completed.values().stream()
            .filter(c -> !c.savepoint() && phase.holds(c.triggeredMs()))
            .toList());
  }

  @Override
  public void close() {
    load.close();
    settled.close();
  }
}
