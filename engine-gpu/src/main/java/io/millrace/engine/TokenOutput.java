package io.millrace.engine;

import java.util.List;

/**
 * One generated token.
 *
 * @param id the token's id in the vocabulary
 * @param logprob natural logarithm of its probability under the model, before temperature and
 *     truncation; NaN if not asked for
 * @param alternatives the most likely tokens at this position, most likely first; empty if not
 *     asked for
 * @param drafted whether a draft proposed it
 */
public record TokenOutput(int id, float logprob, List<TokenLogprob> alternatives, boolean drafted) {

  public TokenOutput {
    alternatives = List.copyOf(alternatives);
  }

  /** The same token, proposed by a draft. */
  public TokenOutput asDrafted() {
    return new TokenOutput(id, logprob, alternatives, true);
  }

  /** A token that could have been drawn, and the natural logarithm of its probability. */
  public record TokenLogprob(int id, float logprob) {}
}
