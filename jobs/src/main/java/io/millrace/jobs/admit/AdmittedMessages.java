package io.millrace.jobs.admit;

import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.kafka.PromptRecord;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.Message;
import io.millrace.schemas.Prompt;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Function;
import org.apache.flink.configuration.Configuration;

/** The conversation of a prompt that was admitted, read from its record's bytes once more. */
public final class AdmittedMessages implements Function<AdmittedPrompt, List<Message>> {
  private final PromptDecoder decoder;

  private AdmittedMessages(PromptDecoder decoder) {
    this.decoder = decoder;
  }

  public static AdmittedMessages open(Configuration configuration) {
    int sizeMax = Math.toIntExact(configuration.get(MillraceOptions.PROMPT_SIZE_MAX).getBytes());
    return new AdmittedMessages(
        new PromptDecoder(
            sizeMax, new AvroCodec<>(Prompt.class, SchemaSources.of(configuration), sizeMax)));
  }

  /** Oldest first; empty if the bytes cannot be read now, though they could at admission. */
  @Override
  public List<Message> apply(AdmittedPrompt prompt) {
    ByteBuffer value = prompt.getValue().duplicate();
    byte[] bytes = new byte[value.remaining()];
    value.get(bytes);
    try {
      return decoder
          .decode(
              new PromptRecord(
                  prompt.getTopic(),
                  prompt.getPartition(),
                  prompt.getOffset(),
                  -1,
                  null,
                  bytes,
                  null,
                  null,
                  null))
          .getMessages();
    } catch (RejectedPromptException e) {
      return List.of();
    }
  }
}
