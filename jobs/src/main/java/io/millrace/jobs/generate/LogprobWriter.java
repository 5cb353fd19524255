package io.millrace.jobs.generate;

import io.millrace.engine.tokenizer.Tokenizer;
import io.millrace.jobs.state.GeneratedToken;
import io.millrace.schemas.TokenLogprob;
import io.millrace.schemas.TopLogprob;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Writes tokens' log probabilities as OpenAI shows them. */
final class LogprobWriter {
  private final Tokenizer tokenizer;

  LogprobWriter(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  List<TokenLogprob> of(List<GeneratedToken> tokens) {
    return tokens.stream().map(this::of).toList();
  }

  private TokenLogprob of(GeneratedToken token) {
    byte[] bytes = tokenizer.bytes(token.getId());
    return TokenLogprob.newBuilder()
        .setToken(new String(bytes, StandardCharsets.UTF_8))
        .setLogprob(token.getLogprob())
        .setBytes(ByteBuffer.wrap(bytes))
        .setTopLogprobs(
            token.getAlternatives().stream()
                .map(a -> top(tokenizer.bytes(a.getId()), a.getLogprob()))
                .toList())
        .build();
  }

  private static TopLogprob top(byte[] bytes, float logprob) {
    return TopLogprob.newBuilder()
        .setToken(new String(bytes, StandardCharsets.UTF_8))
        .setLogprob(logprob)
        .setBytes(ByteBuffer.wrap(bytes))
        .build();
  }
}
