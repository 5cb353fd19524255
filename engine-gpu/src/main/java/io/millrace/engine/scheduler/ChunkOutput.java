package io.millrace.engine.scheduler;

import io.millrace.engine.TokenOutput;
import java.util.List;

/**
 * What the model made of one chunk.
 *
 * @param tokens the tokens drawn, in order; empty if none was to be. Those that the chunk's draft
 *     had proposed come first and say so
 * @param error one line on what went wrong, or null. The sequence ends with it
 */
public record ChunkOutput(List<TokenOutput> tokens, String error) {
  private static final int ERROR_LENGTH_MAX = 200;

  /** Computed; no token was to be drawn. */
  public static final ChunkOutput COMPUTED = new ChunkOutput(List.of(), null);

  public ChunkOutput {
    tokens = List.copyOf(tokens);
  }

  /** Computed, and a token drawn. */
  public static ChunkOutput of(TokenOutput token) {
    return of(List.of(token));
  }

  /** Computed, and these tokens drawn. */
  public static ChunkOutput of(List<TokenOutput> tokens) {
    return new ChunkOutput(tokens, null);
  }

  /** Failed. */
  public static ChunkOutput failed(String error) {
    return new ChunkOutput(List.of(), error);
  }

  /** Failed: what, and in one line why. */
  public static ChunkOutput failed(String what, RuntimeException cause) {
    String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    String line = what + ": " + why.replaceAll("\\s+", " ");
    return failed(
        line.length() <= ERROR_LENGTH_MAX ? line : line.substring(0, ERROR_LENGTH_MAX - 3) + "...");
  }

  /** How many of the chunk's draft were accepted: the first ones. */
  public int accepted() {
    int accepted = 0;
    while (accepted < tokens.size() && tokens.get(accepted).drafted()) {
      accepted++;
    }
    return accepted;
  }
}
