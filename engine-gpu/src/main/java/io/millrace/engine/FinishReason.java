package io.millrace.engine;

/** Why a request ended. */
public enum FinishReason {
  /** The model wrote its end token, or a stop string was reached. */
  STOP,
  /** The request's or the context's limit of tokens was reached. */
  LENGTH,
  /** {@link Engine#cancel} was called. */
  CANCELLED,
  /** The request's deadline passed. What was generated until then is reported. */
  EXPIRED,
  /** The engine failed on this request; others go on. */
  ERROR
}
