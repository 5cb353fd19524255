package io.millrace.jobs.cli.bench;

import io.millrace.engine.DraftCounts;
import io.millrace.engine.Engine;
import io.millrace.engine.SamplingParams;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Compares two engines, without and with speculation, on the same prompts: in turns, so that what
 * disturbs the machine disturbs both, and by the median of the pairs' ratios.
 */
final class SpeculationBench {

  /** Prompts of a run with small batches, lest it be over at once. */
  private static final int PROMPTS_MIN = 8;

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
   * @param acceptance accepted of drafted tokens; 0 if none was drafted
   * @param meanAccepted accepted tokens per draft; 0 if none was drafted
   * @param draftsPerToken drafts per token of output
   * @param identical whether all tokens were the same
   */
  record Row(
      int batch,
      double speedup,
      double speedupTotal,
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
    int count = Math.max(batch, PROMPTS_MIN / batch * batch);
    AnswerRun.of(plain, slice(0, count), batch, this::sampling); // not counted
    AnswerRun.of(speculating, slice(0, count), batch, this::sampling);
    DraftCounts before = speculating.stats().drafts();
    double[] decode = new double[pairs];
    double[] total = new double[pairs];
    boolean identical = true;
    long tokens = 0;
    for (int pair = 0; pair < pairs; pair++) {
      List<int[]> of = slice(pair * count, count);
      boolean plainFirst = pair % 2 == 0;
      AnswerRun first = AnswerRun.of(plainFirst ? plain : speculating, of, batch, this::sampling);
      AnswerRun second = AnswerRun.of(plainFirst ? speculating : plain, of, batch, this::sampling);
      AnswerRun without = plainFirst ? first : second;
      AnswerRun with = plainFirst ? second : first;
      decode[pair] = (double) without.decodeNanos() / with.decodeNanos();
      total[pair] = (double) without.totalNanos() / with.totalNanos();
      identical &= with.answers().equals(without.answers());
      tokens += with.answers().stream().mapToInt(List::size).sum();
    }
    DraftCounts after = speculating.stats().drafts();
    long drafted = after.drafted() - before.drafted();
    long accepted = after.accepted() - before.accepted();
    long drafts = after.chunks() - before.chunks();
    return new Row(
        batch,
        median(decode),
        median(total),
        drafted == 0 ? 0 : (double) accepted / drafted,
        drafts == 0 ? 0 : (double) accepted / drafts,
        (double) drafts / tokens,
        identical);
  }

  /** The next prompts, from the first again when they run out. */
  private List<int[]> slice(int from, int count) {
    List<int[]> slice = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      slice.add(prompts.get((from + i) % prompts.size()));
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
