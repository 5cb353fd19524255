package io.millrace.engine.sampling.grammar;

/**
 * A grammar that cannot be used: it is malformed, asks for something that is not supported, exceeds
 * a limit, or nothing satisfies it. The message is one line, fit for the request's sender.
 */
public final class GrammarException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  GrammarException(String message) {
    super(message);
  }
}
