package io.millrace.jobs.kafka;

import java.util.List;

/** Names of the topics, all under one prefix. */
public record Topics(String prefix) {

  public String prompts() {
    return prefix + "prompts";
  }

  public String responses() {
    return prefix + "responses";
  }

  public String tokens() {
    return prefix + "tokens";
  }

  public String costs() {
    return prefix + "costs";
  }

  public String deadLetters() {
    return prefix + "dead-letters";
  }

  /** Calls to remote models, on record before they are made. */
  public String attempts() {
    return prefix + "attempts";
  }

  /** Written by the anomaly job. */
  public String anomalies() {
    return prefix + "anomalies";
  }

  /** Every topic that the inference job reads or writes, but for {@link #attempts}. */
  public List<String> all() {
    return List.of(prompts(), responses(), tokens(), costs(), deadLetters());
  }
}
