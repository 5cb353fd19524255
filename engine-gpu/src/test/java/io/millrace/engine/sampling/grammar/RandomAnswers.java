package io.millrace.engine.sampling.grammar;

import io.millrace.engine.ResponseFormat;
import io.millrace.engine.sampling.grammar.PushdownAutomaton.State;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** Answers that a model with random logits writes: every allowed token is as likely. */
final class RandomAnswers {
  private static final int TOKENS_MAX = 400;

  private final Grammars grammars;
  private final TestVocabulary vocabulary;
  private final Random random;

  RandomAnswers(TestVocabulary vocabulary, Random random) {
    this.grammars = new Grammars(vocabulary, vocabulary.vocabSize());
    this.vocabulary = vocabulary;
    this.random = random;
  }

  /**
   * A complete answer, or null if none came about in {@value #TOKENS_MAX} tokens.
   *
   * @throws CharacterCodingException if the answer is not UTF-8
   */
  String next(ResponseFormat format) throws CharacterCodingException {
    GrammarState state = grammars.start(format);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < TOKENS_MAX; i++) {
      int token = draw(state.mask());
      state = state.next(token);
      if (vocabulary.isEndOfGeneration(token)) {
        return StandardCharsets.UTF_8
            .newDecoder()
            .decode(ByteBuffer.wrap(bytes.toByteArray()))
            .toString();
      }
      bytes.writeBytes(vocabulary.bytes(token));
    }
    return null;
  }

  private int draw(TokenMask mask) {
    if (mask.allows(TestVocabulary.END) && random.nextInt(2) == 0) {
      return TestVocabulary.END;
    }
    // Often a token that ends something, or most answers would go on for ever.
    String closing = "\"}],:0123456789";
    if (random.nextInt(3) > 0) {
      int start = random.nextInt(closing.length());
      for (int i = 0; i < closing.length(); i++) {
        int token = closing.charAt((start + i) % closing.length());
        if (mask.allows(token)) {
          return token;
        }
      }
    }
    int nth = random.nextInt(mask.count());
    for (int token = 0; ; token++) {
      if (mask.allows(token) && nth-- == 0) {
        return token;
      }
    }
  }

  /** Whether the mask at every state of a text's way is exactly what following each token gives. */
  static boolean masksAreExact(
      PushdownAutomaton automaton, TestVocabulary vocabulary, byte[] text) {
    TokenTrie trie = new TokenTrie(vocabulary, vocabulary.vocabSize());
    State state = automaton.start();
    for (int at = 0; at <= text.length; at++) {
      TokenMask mask = trie.mask(automaton, state);
      for (int token = 0; token < vocabulary.vocabSize(); token++) {
        if (mask.allows(token) != allowed(automaton, vocabulary, state, token)) {
          return false;
        }
      }
      if (at < text.length) {
        state = automaton.next(state, text[at]);
      }
    }
    return true;
  }

  private static boolean allowed(
      PushdownAutomaton automaton, TestVocabulary vocabulary, State from, int token) {
    if (vocabulary.isEndOfGeneration(token)) {
      return from.mayEnd();
    }
    State state = from;
    for (byte b : vocabulary.bytes(token)) {
      state = automaton.next(state, b);
    }
    return vocabulary.bytes(token).length > 0 && !automaton.isDead(state);
  }
}
