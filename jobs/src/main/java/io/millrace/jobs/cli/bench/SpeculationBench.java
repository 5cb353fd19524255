package io.millrace.jobs.cli.bench;

import io.millrace.engine.DraftCounts;
import io.millrace.engine.Engine;
import io.millrace.engine.SamplingParams;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Compares two engines, without and with speculation, on the same prompts: in short turns, so that
 * what disturbs the machine disturbs both, and by the median of the pairs' ratios.
 */
final class SpeculationBench {

  /** Each arm of a pair goes on for about this long, lest a single disturbance decide it. */
  private static final long ARM_NANOS_MIN = 600_000_000;

  /** Prompts after which the arms take turns, if they are at least a batch. */
  private static final int TURN_PROMPTS = 8;

  private final Engine plain;
  private final Engine speculating;
  private final List<int[]> prompts;
  private final float temperature;
  private final int tokensMax;

  /**
   * One batch size's outcome.
   *
   * @param speedup median ratio of decode times, without speculation over with
   * @param speedupTotal the same with prompts
   * @param plainTokensPerSecond of decoding without speculation, over all pairs
   * @param acceptance accepted of drafted tokens; 0 if none was drafted
   * @param meanAccepted accepted tokens per draft; 0 if none was drafted
   * @param draftsPerToken drafts per token of output
   * @param identical whether all tokens were the same
   */
  record Row(
      int batch,
      double speedup,
      double speedupTotal,
      double plainTokensPerSecond,
      double acceptance,
      double meanAccepted,
      double draftsPerToken,
      boolean identical) {}

  SpeculationBench(
      Engine plain, Engine speculating, List<int[]> prompts, float temperature, int tokensMax) {
    this.plain = plain;
    this.speculating = speculating;
    this.prompts = prompts;
    this.temperature = temperature;
    this.tokensMax = tokensMax;
  }

  Row measure(int batch, int pairs) {
    int count = Math.max(batch, TURN_PROMPTS / batch * batch);
    Turns notCounted = turns(0, 1, count, batch);
    int turns = (int) (1 + ARM_NANOS_MIN / Math.max(1, notCounted.plainDecode));
    DraftCounts before = speculating.stats().drafts();
    double[] decode = new double[pairs];
    double[] total = new double[pairs];
    Turns all = new Turns();
    for (int pair = 0; pair < pairs; pair++) {
      Turns of = turns(pair * turns, turns, count, batch);
      decode[pair] = (double) of.plainDecode / of.speculatingDecode;
      total[pair] = (double) of.plainTotal / of.speculatingTotal;
      all.add(of);
    }
    DraftCounts after = speculating.stats().drafts();
    long drafted = after.drafted() - before.drafted();
    long accepted = after.accepted() - before.accepted();
    long drafts = after.chunks() - before.chunks();
    return new Row(
        batch,
        median(decode),
        median(total),
        1e9 * all.tokens / all.plainDecode,
        drafted == 0 ? 0 : (double) accepted / drafted,
        drafts == 0 ? 0 : (double) accepted / drafts,
        (double) drafts / all.tokens,
        all.identical);
  }

  /** What some turns of both arms took together. */
  private static final class Turns {
    long plainDecode;
    long plainTotal;
    long speculatingDecode;
    long speculatingTotal;
    long tokens;
    boolean identical = true;

    void add(AnswerRun plain, AnswerRun speculating) {
      plainDecode += plain.decodeNanos();
      plainTotal += plain.totalNanos();
      speculatingDecode += speculating.decodeNanos();
      speculatingTotal += speculating.totalNanos();
      tokens += plain.answers().stream().mapToInt(List::size).sum();
      identical &= plain.answers().equals(speculating.answers());
    }

    void add(Turns other) {
      plainDecode += other.plainDecode;
      plainTotal += other.plainTotal;
      speculatingDecode += other.speculatingDecode;
      speculatingTotal += other.speculatingTotal;
      tokens += other.tokens;
      identical &= other.identical;
    }
  }

  /** So many turns, each of both arms on the same prompts; who goes first alternates. */
  private Turns turns(int from, int turns, int count, int batch) {
    Turns result = new Turns();
    for (int turn = from; turn < from + turns; turn++) {
      List<int[]> of = slice(turn * count, count);
      boolean plainFirst = turn % 2 == 0;
      AnswerRun first = AnswerRun.of(plainFirst ? plain : speculating, of, batch, this::sampling);
      AnswerRun second = AnswerRun.of(plainFirst ? speculating : plain, of, batch, this::sampling);
      result.add(plainFirst ? first : second, plainFirst ? second : first);
    }
    return result;
  }

  /** The next prompts, from the first again when they run out. */
  private List<int[]> slice(int from, int count) {
    List<int[]> slice = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      slice.add(prompts.get(Math.floorMod(from + i, prompts.size())));
    }
    return slice;
  }

  private SamplingParams sampling(int seed) {
    return new SamplingParams(temperature, 0, 1, 0, 1, seed, tokensMax, List.of(), -1, false);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
