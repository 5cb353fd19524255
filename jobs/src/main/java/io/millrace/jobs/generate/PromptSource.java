package io.millrace.jobs.generate;

import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.schemas.SourcePosition;

/** Where in Kafka an admitted prompt came from. */
final class PromptSource {
  private PromptSource() {}

  static SourcePosition of(AdmittedPrompt prompt) {
    return SourcePosition.newBuilder()
        .setTopic(prompt.getTopic())
        .setPartition(prompt.getPartition())
        .setOffset(prompt.getOffset())
        .build();
  }
}
