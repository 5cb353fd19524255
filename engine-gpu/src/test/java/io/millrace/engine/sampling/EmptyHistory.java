package io.millrace.engine.sampling;

/** No tokens before the one to draw. */
public final class EmptyHistory implements TokenHistory {

  @Override
  public int length() {
    return 0;
  }

  @Override
  public int token(int position) {
    throw new IndexOutOfBoundsException(position);
  }
}
