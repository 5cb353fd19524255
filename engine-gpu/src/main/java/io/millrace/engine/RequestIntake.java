package io.millrace.engine;

import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.sampling.grammar.GrammarException;
import io.millrace.engine.sampling.grammar.GrammarState;
import io.millrace.engine.sampling.grammar.Grammars;
import io.millrace.engine.scheduler.Scheduler;
import io.millrace.engine.scheduler.Sequence;
import io.millrace.engine.tokenizer.Tokenizer;

/**
 * Turns requests into sequences, or says why the engine can never run them. Whether it has room for
 * one now is not decided here.
 */
final class RequestIntake {
  private final Tokenizer tokenizer;
  private final int vocabSize;
  private final int contextTokensMax;
  private final BlockPool pool;
  private final Scheduler scheduler;
  private final Grammars grammars;
  private long arrivals;

  /**
   * @param vocabSize token ids that the model and the tokenizer both know: those below it
   * @param contextTokensMax most tokens of prompt and output together
   * @param pool the blocks of the sequences to come
   * @param scheduler says which of them could ever run
   */
  RequestIntake(
      Tokenizer tokenizer,
      int vocabSize,
      int contextTokensMax,
      BlockPool pool,
      Scheduler scheduler) {
    this.tokenizer = tokenizer;
    this.vocabSize = vocabSize;
    this.contextTokensMax = contextTokensMax;
    this.pool = pool;
    this.scheduler = scheduler;
    this.grammars = new Grammars(tokenizer, vocabSize);
  }

  /**
   * @return the request's sequence, finished if its resumed tokens were the whole answer
   * @throws RequestRejectedException if the request can never run here
   */
  Sequence accept(GenerationRequest request) throws RequestRejectedException {
    int promptLength = request.promptTokens().length;
    if (promptLength == 0) {
      throw refusal("the prompt has no tokens");
    }
    if (promptLength >= contextTokensMax) {
      throw refusal(
          "the prompt has %d tokens; with the output's first, the context of %d is exceeded"
              .formatted(promptLength, contextTokensMax));
    }
    int tokensMax =
        (int) Math.min((long) promptLength + request.sampling().maxTokens(), contextTokensMax);
    if (!scheduler.fits(tokensMax)) {
      throw refusal(
          "prompt and output may take %d tokens of KV cache, which holds %d"
              .formatted(tokensMax - 1, (long) pool.size() * pool.blockTokens()));
    }
    for (int token : request.promptTokens()) {
      requireInVocabulary(token);
    }
    for (TokenOutput token : request.resumed()) {
      requireInVocabulary(token.id());
    }
    return new Sequence(request, arrivals++, tokensMax, tokenizer, pool, grammar(request));
  }

  /** The state of the answer before its first token; null if it may be any text. */
  private GrammarState grammar(GenerationRequest request) throws RequestRejectedException {
    if (request.sampling().format() == null) {
      return null;
    }
    try {
      GrammarState start = grammars.start(request.sampling().format());
      GrammarState state = start;
      for (TokenOutput token : request.resumed()) {
        state = state.next(token.id());
        if (state == null) {
          throw refusal("the resumed tokens are not what the response format allows");
        }
      }
      return start;
    } catch (GrammarException e) {
      throw new RequestRejectedException(e.getMessage(), false);
    }
  }

  private void requireInVocabulary(int token) throws RequestRejectedException {
    if (token < 0 || token >= vocabSize) {
      throw refusal("token %d is not in the model's vocabulary of %d".formatted(token, vocabSize));
    }
  }

  private static RequestRejectedException refusal(String reason) {
    return new RequestRejectedException(reason, false);
  }
}
