package io.millrace.engine.tokenizer;

/** What a vocabulary says a token is. */
public enum TokenType {
  /** Text. */
  NORMAL(1),
  /** Stands for what no other token spells. */
  UNKNOWN(2),
  /** Begin and end of text or of a turn, and the like: never a part of plain text. */
  CONTROL(3),
  /** Text that is always this one token. */
  USER_DEFINED(4),
  UNUSED(5),
  /** One byte, spelled {@code <0xXX>}. */
  BYTE(6);

  private final int number;

  TokenType(int number) {
    this.number = number;
  }

  /** The type with this number in GGUF files; numbers that are not defined count as normal. */
  public static TokenType of(int number) {
    for (TokenType type : values()) {
      if (type.number == number) {
        return type;
      }
    }
    return NORMAL;
  }

  /** The type's number in GGUF files. */
  public int number() {
    return number;
  }
}
