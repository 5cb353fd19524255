package io.millrace.engine.tokenizer.jinja;

/** Something a template can call. */
@FunctionalInterface
interface Function {
  Object call(Arguments arguments, Rendering rendering);
}
