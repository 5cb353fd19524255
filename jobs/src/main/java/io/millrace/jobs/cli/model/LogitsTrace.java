package io.millrace.jobs.cli.model;

import io.millrace.engine.model.GuidedModel;
import io.millrace.jobs.cli.CommandFailure;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Every step's logits as a file: float32, little-endian, {@code [steps][vocabulary]}. The tokens to
 * go on with are the model's own, or those of a file.
 */
final class LogitsTrace implements GuidedModel.Guide, AutoCloseable {
  private static final Pattern SEPARATORS = Pattern.compile("[\\s,]+");

  private final int vocabSize;
  private final int[] forced; // null: the model's own
  private final OutputStream out; // null: not wanted
  private final ByteBuffer row;
  private final List<Integer> greedy = new ArrayList<>();

  /**
   * @param file where the logits go, or null
   * @param forcedTokens file of token ids, one a step, or null
   * @param steps steps to come
   */
  LogitsTrace(Path file, Path forcedTokens, int steps, int vocabSize) throws IOException {
    this.vocabSize = vocabSize;
    this.forced = forcedTokens == null ? null : ids(forcedTokens, steps, vocabSize);
    this.row = ByteBuffer.allocate(4 * vocabSize).order(ByteOrder.LITTLE_ENDIAN);
    this.out = file == null ? null : new BufferedOutputStream(Files.newOutputStream(file));
  }

  private static int[] ids(Path file, int steps, int vocabSize) {
    List<Integer> ids = new ArrayList<>();
    for (String word : SEPARATORS.split(ModelFiles.text(file).strip())) {
      try {
        ids.add(Integer.valueOf(word));
      } catch (NumberFormatException e) {
        throw CommandFailure.failed(
            file + ": token " + (ids.size() + 1) + " is no number; it holds token ids alone", e);
      }
      int last = ids.get(ids.size() - 1);
      if (last < 0 || last >= vocabSize) {
        throw CommandFailure.failed(
            file + ": token id " + last + " is not in 0 to " + (vocabSize - 1));
      }
    }
    if (ids.size() < steps) {
      throw CommandFailure.failed(
          "%s holds %d token ids, --steps asks for %d".formatted(file, ids.size(), steps));
    }
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public int next(float[] logits) {
    int best = 0;
    for (int id = 1; id < vocabSize; id++) {
      best = logits[id] > logits[best] ? id : best;
    }
    int step = greedy.size();
    greedy.add(best);
    if (out != null) {
      row.clear();
      row.asFloatBuffer().put(logits, 0, vocabSize);
      try {
        out.write(row.array());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return forced == null ? best : forced[step];
  }

  /** The model's own choice of every step. */
  List<Integer> greedy() {
    return greedy;
  }

  @Override
  public void close() throws IOException {
    if (out != null) {
      out.close();
    }
  }
}
