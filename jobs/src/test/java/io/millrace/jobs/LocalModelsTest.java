package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.BackendKind;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import io.millrace.jobs.testing.CapturedLog;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalModelsTest {
  private final LocalModels models = new LocalModels();
  private final ModelOptions of = new ModelOptions("default");
  private final Configuration options = new Configuration();

  /** Each model, its draft and each engine ask what computes. */
  @Test
  void autoSaysWhatItTookOnceAtMost() {
    try (CapturedLog log = CapturedLog.of("io.millrace")) {
      for (int i = 0; i < 3; i++) {
        BackendKind.AUTO.open(1).close();
      }
      assertThat(log.text().lines().filter(line -> line.contains(" computes: ")).toList())
          .hasSizeLessThanOrEqualTo(1); // none, where another test has heard it
    }
  }

  /** Cached answers, and answers in progress, belong to what determined them. */
  @ParameterizedTest
  @ValueSource(strings = {"f16", "int8"})
  void aModelWithOtherKeysIsAnother(String kvType) throws Exception {
    options.set(of.path, "../engine-gpu/models/tickets-draft-q8_0.gguf");
    String floats = models.profile(options, "default").digest();
    options.setString("millrace.model.default.kv-type", kvType);
    String rounded = models.profile(options, "default").digest();
    assertThat(rounded).isEqualTo(floats + "+kv-" + kvType);

    OpenedModel opened = models.open(options, "default");
    try {
      assertThat(opened.digest().read()).isEqualTo(rounded);
    } finally {
      opened.engine().close();
      opened.release().run();
    }
  }
}
