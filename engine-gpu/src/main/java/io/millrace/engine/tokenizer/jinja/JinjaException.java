package io.millrace.engine.tokenizer.jinja;

/** A template is broken, asks for what is not there, refuses its input, or exceeds a bound. */
public final class JinjaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  JinjaException(String message) {
    super(message);
  }
}
