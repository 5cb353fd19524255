package io.millrace.engine.sampling;

import io.millrace.engine.tokenizer.IncrementalDetokenizer;
import io.millrace.engine.tokenizer.Tokenizer;
import java.util.List;

/**
 * The text of one answer as its tokens come: bytes to whole characters, then the stop strings. A
 * function of the tokens alone: fed the same tokens again, it is in the same state.
 */
public final class OutputText {
  private final IncrementalDetokenizer detokenizer;
  private final StopStrings stops;
  private final StringBuilder pending = new StringBuilder();

  /** An answer without tokens. */
  public OutputText(Tokenizer tokenizer, List<String> stops) {
    this.detokenizer = IncrementalDetokenizer.ofAnswer(tokenizer);
    this.stops = new StopStrings(stops);
  }

  /** Adds a token. */
  public void feed(int token) {
    pending.append(stops.feed(detokenizer.append(token)));
  }

  /** Ends the answer: nothing is held back any longer, and half a character becomes U+FFFD. */
  public void end() {
    pending.append(stops.feed(detokenizer.flush())).append(stops.flush());
  }

  /** Whether a stop string was reached. */
  public boolean stopped() {
    return stops.stopped();
  }

  /** The characters that became final since the last call. */
  public String take() {
    String text = pending.toString();
    pending.setLength(0);
    return text;
  }
}
