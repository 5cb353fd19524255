package io.millrace.jobs.admit;

import io.millrace.jobs.MillraceOptions;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.Prompt;
import java.io.IOException;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;

/** The rules of admission as they travel to the task that opens them. */
public final class AdmissionSpec implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Opens what admission knows of a model, where the task runs. */
  @FunctionalInterface
  public interface ProfileSource extends Serializable {
    ModelProfile open(Configuration configuration, String model) throws IOException;
  }

  private final Configuration configuration;
  private final ProfileSource profiles;

  public AdmissionSpec(Configuration configuration, ProfileSource profiles) {
    this.configuration = configuration;
    this.profiles = profiles;
  }

  PromptDecoder decoder() {
    int sizeMax = Math.toIntExact(configuration.get(MillraceOptions.PROMPT_SIZE_MAX).getBytes());
    return new PromptDecoder(
        sizeMax, new AvroCodec<>(Prompt.class, SchemaSources.of(configuration), sizeMax));
  }

  Admission admission() throws IOException {
    Map<String, ModelProfile> models = new LinkedHashMap<>();
    for (String name : configuration.get(MillraceOptions.MODELS)) {
      models.put(name, profiles.open(configuration, name));
    }
    return new Admission(
        new Admission.Policy(
            models.keySet().iterator().next(),
            configuration.get(MillraceOptions.DEFAULT_TENANT),
            configuration.get(MillraceOptions.CACHE_SHARED),
            configuration.get(MillraceOptions.CACHE_SAMPLED),
            configuration.get(MillraceOptions.CACHE_TTL).toMillis()),
        models);
  }
}
