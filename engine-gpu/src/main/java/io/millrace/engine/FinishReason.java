package io.millrace.engine;

/** Why a request ended. */
public enum FinishReason {
  /** The model wrote its end token, or a stop string was reached. */
  STOP,
  /** The request's or the context's limit of tokens was reached. */
  LENGTH,
  /** A remote model called a tool. */
  TOOL_CALLS,
  /** A remote model withheld text, or refused to answer. */
  CONTENT_FILTER,
  /** {@link Engine#cancel} was called. */
  CANCELLED,
  /** The request's deadline passed. What was generated until then is reported. */
  EXPIRED,
  /** The engine failed on this request; others go on. */
  ERROR
}
