package io.millrace.engine.scheduler;

import io.millrace.engine.TokenOutput;
import java.util.List;

/**
 * What the model made of one chunk.
 *
 * @param tokens the tokens drawn, in order; empty if none was to be
 * @param error one line on what went wrong, or null. The sequence ends with it
 */
public record ChunkOutput(List<TokenOutput> tokens, String error) {

  /** Computed; no token was to be drawn. */
  public static final ChunkOutput COMPUTED = new ChunkOutput(List.of(), null);

  public ChunkOutput {
    tokens = List.copyOf(tokens);
  }

  /** Computed, and a token drawn. */
  public static ChunkOutput of(TokenOutput token) {
    return new ChunkOutput(List.of(token), null);
  }

  /** Failed. */
  public static ChunkOutput failed(String error) {
    return new ChunkOutput(List.of(), error);
  }
}
