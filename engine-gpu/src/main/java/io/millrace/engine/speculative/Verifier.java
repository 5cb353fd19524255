package io.millrace.engine.speculative;

import io.millrace.engine.TokenOutput;
import io.millrace.engine.scheduler.ChunkOutput;
import io.millrace.engine.scheduler.ScheduledBatch.Chunk;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes through the target's tokens and accepts those of the draft that equal them.
 *
 * <p>Row by row: the target draws its token at a position from its own logits, with the noise of
 * that position and the history up to it, exactly as it would without a draft. While it draws what
 * was drafted, the next row's logits are those of the right history, and the walk goes on. The
 * first other token, recovered, ends it, as does the bonus token after the last row.
 */
public final class Verifier {
  private static final Logger LOG = LoggerFactory.getLogger(Verifier.class);

  /** Where the target's tokens come from. */
  @FunctionalInterface
  public interface Rows {

    /**
     * The target's token after a history.
     *
     * @param row whose logits it is drawn from, counted from the chunk's first sampled one
     * @throws RuntimeException if it cannot be drawn
     */
    TokenOutput draw(int row, Draft history);
  }

  private Verifier() {}

  /**
   * The accepted tokens, then one recovered or bonus token. If that one cannot be drawn, it is as
   * without a draft: what was accepted counts, and the chunk fails when it is that token's turn.
   *
   * @param chunk a sampled one
   * @param rows one for the chunk's last token and one for each of its draft
   */
  public static ChunkOutput verify(Chunk chunk, Rows rows) {
    Draft accepted = new Draft(chunk.sequence(), chunk.draft().length);
    List<TokenOutput> tokens = new ArrayList<>(1 + chunk.draft().length);
    try {
      while (true) {
        TokenOutput drawn = rows.draw(accepted.size(), accepted);
        if (accepted.isFull() || drawn.id() != chunk.draft()[accepted.size()]) {
          tokens.add(drawn); // bonus or recovered
          break;
        }
        tokens.add(drawn.asDrafted());
        accepted.add(drawn.id());
      }
    } catch (RuntimeException e) {
      if (tokens.isEmpty()) {
        LOG.warn("no token could be drawn for request {}", chunk.sequence().id(), e);
        return ChunkOutput.failed("no token could be drawn", e);
      }
    }
    return ChunkOutput.of(tokens);
  }
}
