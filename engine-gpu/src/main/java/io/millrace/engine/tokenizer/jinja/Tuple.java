package io.millrace.engine.tokenizer.jinja;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;

/** A list that prints in round brackets. */
final class Tuple extends AbstractList<Object> {
  private final Object[] elements;

  Tuple(List<?> elements) {
    this.elements = elements.toArray();
  }

  static Tuple of(Object... elements) {
    return new Tuple(Arrays.asList(elements));
  }

  @Override
  public Object get(int index) {
    return elements[index];
  }

  @Override
  public int size() {
    return elements.length;
  }
}
