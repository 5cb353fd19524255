package io.millrace.engine.tokenizer.jinja;

import java.time.Clock;

/** One rendering's bounds: templates are not trusted. */
final class Rendering {
  /** Longest text, and longest output. */
  static final int TEXT_CHARS_MAX = 1 << 24;

  /** Most nodes of the template that are evaluated, where 64 characters of text count as one. */
  static final long STEPS_MAX = 4_000_000;

  private static final int CALLS_NESTED_MAX = 50;

  final Clock clock;
  private long steps;
  private int nested;

  Rendering(Clock clock) {
    this.clock = clock;
  }

  void step() {
    steps(1);
  }

  private void steps(long count) {
    steps += count;
    if (steps > STEPS_MAX) {
      throw new JinjaException("more than " + STEPS_MAX + " steps");
    }
  }

  /** Accounts for text or a list of this size before it is made. */
  void make(long size) {
    if (size > TEXT_CHARS_MAX) {
      throw new JinjaException("makes a text or list of more than " + TEXT_CHARS_MAX);
    }
    steps(size >> 6);
  }

  /** Accounts for a text just made. */
  String made(String text) {
    make(text.length());
    return text;
  }

  void enter() {
    nested++;
    if (nested > CALLS_NESTED_MAX) {
      throw new JinjaException("macros nest more than " + CALLS_NESTED_MAX + " calls");
    }
  }

  void leave() {
    nested--;
  }
}
