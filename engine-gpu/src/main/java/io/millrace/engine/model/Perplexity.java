package io.millrace.engine.model;

import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * How well a model predicts a text: e to the mean negative log-likelihood of its tokens.
 *
 * <p>The definition is that of llama.cpp's {@code perplexity}, so that figures compare: the text's
 * tokens are cut into windows of the context's length that do not overlap; a rest is left out.
 * Where the vocabulary adds a begin-of-text token, it takes the place of each window's first. Only
 * the tokens of a window's second half are scored, each given all that stand before it in the
 * window: {@code context - context / 2 - 1} a window.
 *
 * @param windows windows that were scored
 * @param tokens tokens that were scored
 * @param meanLoss mean negative log-likelihood, nats
 * @param standardError of {@code meanLoss}, nats
 */
public record Perplexity(int windows, long tokens, double meanLoss, double standardError) {

  /** Least context: one token is given, one more is scored. */
  public static final int CONTEXT_MIN = 4;

  /** Rows of logits that are asked for at once. */
  private static final int ROWS_MAX = 64;

  /** e to the mean loss. */
  public double value() {
    return Math.exp(meanLoss);
  }

  /** The standard error of {@link #value}, to first order. */
  public double valueError() {
    return value() * standardError;
  }

  /**
   * Measures a text.
   *
   * @param model has KV blocks for {@code context} tokens
   * @param text the text's tokens, the begin-of-text token included where there is one
   * @param bos what every window starts with, or -1
   * @param context tokens of a window
   * @param progress receives the number of windows done, after each
   * @throws IllegalArgumentException if the text is shorter than one window, or the context is
   *     impossible
   */
  public static Perplexity of(
      LanguageModel model, int[] text, int bos, int context, IntConsumer progress) {
    if (context < CONTEXT_MIN || context > model.contextLength()) {
      throw new IllegalArgumentException(
          "context is %d, must be %d to %d, the model's"
              .formatted(context, CONTEXT_MIN, model.contextLength()));
    }
    int windows = text.length / context;
    if (windows == 0) {
      throw new IllegalArgumentException(
          "the text has %d tokens, fewer than the %d of one window"
              .formatted(text.length, context));
    }
    Window window = new Window(model, context);
    for (int i = 0; i < windows; i++) {
      int[] tokens = Arrays.copyOfRange(text, i * context, (i + 1) * context);
      if (bos >= 0) {
        tokens[0] = bos;
      }
      window.score(tokens);
      progress.accept(i + 1);
    }
    double mean = window.losses / window.scored;
    double variance = window.squares / window.scored - mean * mean;
    double error =
        window.scored > 1 ? Math.sqrt(Math.max(0, variance) / (window.scored - 1)) : Double.NaN;
    return new Perplexity(windows, window.scored, mean, error);
  }

  /** Scores one window after another, all in the same KV blocks. */
  private static final class Window {
    private final LanguageModel model;
    private final int context;
    private final int[] blocks;
    private double losses;
    private double squares;
    private long scored;

    Window(LanguageModel model, int context) {
      this.model = model;
      this.context = context;
      this.blocks = new int[(context + model.blockTokens() - 1) / model.blockTokens()];
      Arrays.setAll(blocks, i -> i);
    }

    void score(int[] tokens) {
      for (int from = 0; from < context; from += ROWS_MAX) {
        chunk(tokens, from, Math.min(context, from + ROWS_MAX));
      }
    }

    /** Computes the tokens of a range; the logits after those of the second half are scored. */
    private void chunk(int[] tokens, int from, int to) {
      int rows = to - from;
      int[] positions = new int[rows];
      Arrays.setAll(positions, i -> from + i);
      int first = Math.max(from, context / 2);
      int end = Math.min(to, context - 1); // the last token has no successor
      int[] wanted = new int[Math.max(0, end - first)];
      Arrays.setAll(wanted, i -> first + i - from);
      float[] logits =
          model.forward(
              new ForwardBatch(
                  Arrays.copyOfRange(tokens, from, to),
                  positions,
                  positions, // block i is the table's entry i: a slot is a position
                  new int[] {0, rows},
                  new int[][] {blocks},
                  wanted));
      for (int i = 0; i < wanted.length; i++) {
        add(loss(logits, i * model.vocabSize(), tokens[first + i + 1]));
      }
    }

    private void add(double loss) {
      losses += loss;
      squares += loss * loss;
      scored++;
    }

    /** The negative logarithm of the softmax at a token. */
    private double loss(float[] logits, int at, int token) {
      float max = Float.NEGATIVE_INFINITY;
      for (int i = at; i < at + model.vocabSize(); i++) {
        max = Math.max(max, logits[i]);
      }
      double sum = 0;
      for (int i = at; i < at + model.vocabSize(); i++) {
        sum += Math.exp(logits[i] - max);
      }
      return max + Math.log(sum) - logits[at + token];
    }
  }
}
