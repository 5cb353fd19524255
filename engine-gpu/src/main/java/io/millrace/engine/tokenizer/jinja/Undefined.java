package io.millrace.engine.tokenizer.jinja;

/**
 * What a name or an entry that is not there evaluates to: prints as nothing, is false and empty,
 * and fails where anything else is asked of it.
 *
 * @param name what was asked for
 */
record Undefined(String name) {
  JinjaException failure() {
    return new JinjaException("'" + name + "' is undefined");
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Undefined;
  }

  @Override
  public int hashCode() {
    return 1;
  }
}
