package io.millrace.engine.tokenizer.jinja;

/**
 * A lexical element of a template.
 *
 * @param kind what it is
 * @param text its text: a string's value, an operator's signs, template data
 * @param line line in the template, from 1
 */
record Token(Kind kind, String text, int line) {
  enum Kind {
    DATA,
    PRINT_BEGIN,
    PRINT_END,
    BLOCK_BEGIN,
    BLOCK_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean is(Kind kind, String text) {
    return this.kind == kind && this.text.equals(text);
  }
}
