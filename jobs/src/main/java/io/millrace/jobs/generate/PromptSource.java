package io.millrace.jobs.generate;

import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.schemas.SourcePosition;
import java.time.Instant;

/** Where in Kafka an admitted prompt came from. */
final class PromptSource {
  private PromptSource() {}

  static SourcePosition of(AdmittedPrompt prompt) {
    return SourcePosition.newBuilder()
        .setTopic(prompt.getTopic())
        .setPartition(prompt.getPartition())
        .setOffset(prompt.getOffset())
        .setTimestamp(
            prompt.getTimestampMs() == null ? null : Instant.ofEpochMilli(prompt.getTimestampMs()))
        .build();
  }
}
