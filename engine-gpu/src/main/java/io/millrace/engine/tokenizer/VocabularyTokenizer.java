package io.millrace.engine.tokenizer;

import java.util.List;

/** What a tokenizer knows from its vocabulary alone. */
sealed interface VocabularyTokenizer extends Tokenizer
    permits BpeTokenizer, CharacterBpeTokenizer, SentencePieceTokenizer {

  /** The tokens. */
  Vocabulary vocabulary();

  @Override
  default int[] encode(String text, boolean parseSpecial) {
    return encode(List.of(new TextPart(text, parseSpecial)));
  }

  @Override
  default int[] encode(byte[] utf8, boolean parseSpecial) {
    return encode(Utf8.escaped(utf8), parseSpecial);
  }

  @Override
  default String piece(int token) {
    return vocabulary().piece(token);
  }

  @Override
  default int vocabSize() {
    return vocabulary().size();
  }

  @Override
  default int bosToken() {
    return vocabulary().bosToken();
  }

  @Override
  default int eosToken() {
    return vocabulary().eosToken();
  }

  @Override
  default boolean isEndOfGeneration(int token) {
    return vocabulary().endOfGeneration().contains(token);
  }

  @Override
  default boolean addsBos() {
    return vocabulary().addsBos();
  }
}
