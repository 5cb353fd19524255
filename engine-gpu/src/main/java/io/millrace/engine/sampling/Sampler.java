package io.millrace.engine.sampling;

import io.millrace.engine.SamplingParams;
import io.millrace.engine.TokenOutput;
import io.millrace.engine.TokenOutput.TokenLogprob;
import io.millrace.engine.sampling.grammar.GrammarState;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Draws a token from a row of logits. What it draws is a function of the logits, the parameters,
 * the history and the position alone: it keeps scratch space between calls and nothing else.
 *
 * <p>The order is vLLM's: what the response format does not allow is excluded, then repetition
 * penalty, temperature, min-p, top-k, then top-p over the probabilities of what those left, then
 * the draw. (llama.cpp divides by the temperature last; ask it for that order when comparing.)
 * Greedy takes the most likely token after the penalty; of equal ones the lowest id.
 * Log-probabilities are those of the model itself, before all of this. Not thread-safe.
 */
public final class Sampler {
  private final int vocabSize;
  private final float[] changed;
  private final BitSet seen;
  private final Candidates candidates;

  /**
   * @param vocabSize tokens to draw from: the first ones of a row of logits
   */
  public Sampler(int vocabSize) {
    this.vocabSize = vocabSize;
    this.changed = new float[vocabSize];
    this.seen = new BitSet(vocabSize);
    this.candidates = new Candidates(vocabSize);
  }

  /** Tokens to draw from. */
  public int vocabSize() {
    return vocabSize;
  }

  /**
   * Draws the next token.
   *
   * @param logits holds a row of float32 {@code [vocabSize]} from {@code offset} on; not changed.
   *     Minus infinity excludes a token
   * @param history the tokens before the one to draw
   * @param position how many tokens of output come before it, those of earlier attempts included:
   *     with the seed, it selects the noise
   * @throws io.millrace.engine.sampling.grammar.GrammarException if the response format cannot be
   *     followed any further
   * @throws ArithmeticException if no token can be drawn from these logits: one is NaN or plus
   *     infinity, or all are minus infinity
   */
  public TokenOutput sample(
      float[] logits, int offset, SamplingParams params, TokenHistory history, int position) {
    int token = draw(logits, offset, params, history, position);
    if (params.logprobs() < 0) {
      return new TokenOutput(token, Float.NaN, List.of(), false);
    }
    double logSumExp = logSumExp(logits, offset);
    float logprob = (float) (logits[offset + token] - logSumExp);
    return new TokenOutput(
        token, logprob, alternatives(logits, offset, params.logprobs(), logSumExp), false);
  }

  /**
   * Draws the next token and reports nothing of it but its id; else like {@link #sample}. A draft
   * model proposes what it draws so.
   */
  public int draw(
      float[] logits, int offset, SamplingParams params, TokenHistory history, int position) {
    requireDrawable(logits, offset);
    float[] scores = logits;
    int scoresOffset = offset;
    GrammarState grammar = history.grammar();
    if (grammar != null || params.repetitionPenalty() != 1) {
      if (grammar != null) {
        grammar.mask().apply(logits, offset, changed);
      } else {
        System.arraycopy(logits, offset, changed, 0, vocabSize);
      }
      penalise(params.repetitionPenalty(), history);
      scores = changed;
      scoresOffset = 0;
    }
    int best = argmax(scores, scoresOffset);
    if (scores[scoresOffset + best] == Float.NEGATIVE_INFINITY) {
      throw new ArithmeticException(
          "the model's logits exclude every token that the response format allows");
    }
    int token =
        params.isGreedy()
            ? best
            : race(scores, scoresOffset, scores[scoresOffset + best], params, position);
    if (token < 0) {
      throw new ArithmeticException("the repetition penalty makes a logit infinite");
    }
    return token;
  }

  private int race(
      float[] scores, int offset, double maxScore, SamplingParams params, int position) {
    double temperature = params.temperature();
    GumbelRace race = new GumbelRace(params.seed(), params.choice(), position);
    if (params.minP() == 0 && params.topK() == 0 && params.topP() == 1) {
      for (int id = 0; id < vocabSize; id++) {
        race.offer(id, (scores[offset + id] - maxScore) / temperature);
      }
      return race.winner();
    }
    // p >= minP x pMax, in terms of logits: both sides' logarithms times the temperature.
    double minScore =
        params.minP() == 0
            ? Double.NEGATIVE_INFINITY
            : maxScore + temperature * Math.log(params.minP());
    candidates.fill(scores, offset, vocabSize, minScore);
    if (params.topK() > 0) {
      candidates.keepTop(params.topK());
    }
    if (params.topP() < 1) {
      candidates.keepTopP(params.topP(), maxScore, temperature);
    }
    for (int i = 0; i < candidates.size(); i++) {
      race.offer(candidates.id(i), (candidates.logit(i) - maxScore) / temperature);
    }
    return race.winner();
  }

  /** The penalty of Keskar and others, "CTRL", 2019: once for each token seen, however often. */
  private void penalise(float penalty, TokenHistory history) {
    if (penalty == 1) {
      return;
    }
    seen.clear();
    for (int i = 0; i < history.length(); i++) {
      int token = history.token(i);
      if (!seen.get(token)) {
        seen.set(token);
        float logit = changed[token];
        changed[token] = logit > 0 ? logit / penalty : logit * penalty;
      }
    }
  }

  private int argmax(float[] scores, int offset) {
    int best = 0;
    for (int id = 1; id < vocabSize; id++) {
      if (scores[offset + id] > scores[offset + best]) {
        best = id;
      }
    }
    return best;
  }

  private List<TokenLogprob> alternatives(float[] logits, int offset, int count, double logSumExp) {
    if (count == 0) {
      return List.of();
    }
    candidates.fill(logits, offset, vocabSize, Double.NEGATIVE_INFINITY);
    candidates.keepTopSorted(count);
    List<TokenLogprob> alternatives = new ArrayList<>(candidates.size());
    for (int i = 0; i < candidates.size(); i++) {
      float logprob = (float) (candidates.logit(i) - logSumExp);
      alternatives.add(new TokenLogprob(candidates.id(i), logprob));
    }
    return alternatives;
  }

  /** The logarithm of the softmax's denominator. */
  private double logSumExp(float[] logits, int offset) {
    double max = logits[offset + argmax(logits, offset)];
    double sum = 0;
    for (int id = 0; id < vocabSize; id++) {
      sum += Math.exp(logits[offset + id] - max);
    }
    return max + Math.log(sum);
  }

  private void requireDrawable(float[] logits, int offset) {
    boolean drawable = false;
    for (int id = 0; id < vocabSize; id++) {
      float logit = logits[offset + id];
      if (!(logit < Float.POSITIVE_INFINITY)) {
        throw new ArithmeticException("the model's logit of token " + id + " is " + logit);
      }
      drawable |= logit > Float.NEGATIVE_INFINITY;
    }
    if (!drawable) {
      throw new ArithmeticException("the model's logits exclude every token");
    }
  }
}
