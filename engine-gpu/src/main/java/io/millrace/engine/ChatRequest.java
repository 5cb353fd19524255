package io.millrace.engine;

/**
 * A conversation for an engine that is given text and not tokens, as such engines are asked: the
 * body of OpenAI's chat completions, with the fields that were set and no others. Which model, how
 * many choices and whether to stream are the engine's to add.
 *
 * @param json the text of one JSON object
 */
public record ChatRequest(String json) {

  /** Longest body, characters. */
  public static final int LENGTH_MAX = 8 << 20;

  public ChatRequest {
    if (json.length() > LENGTH_MAX) {
      throw new IllegalArgumentException(
          "the request has " + json.length() + " characters, the most is " + LENGTH_MAX);
    }
  }

  /** Without the conversation, which belongs in no log. */
  @Override
  public String toString() {
    return "ChatRequest[" + json.length() + " characters]";
  }
}
