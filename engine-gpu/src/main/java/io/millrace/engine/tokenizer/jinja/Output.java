package io.millrace.engine.tokenizer.jinja;

/** Rendered text, bounded. */
final class Output {
  private final Rendering rendering;
  private final StringBuilder text = new StringBuilder();

  Output(Rendering rendering) {
    this.rendering = rendering;
  }

  void append(String part) {
    rendering.make(part.length());
    if (text.length() + (long) part.length() > Rendering.TEXT_CHARS_MAX) {
      throw new JinjaException("renders more than " + Rendering.TEXT_CHARS_MAX + " characters");
    }
    text.append(part);
  }

  String text() {
    return text.toString();
  }
}
