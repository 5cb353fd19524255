package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.millrace.engine.backend.BackendKind;
import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import io.millrace.jobs.generate.MissingDeviceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The device of a model: as configured, else the one that Flink gives, else the first. */
class ConfiguredModelTest {
  private static Configuration opened;

  private final ModelOptions of = new ModelOptions("default");
  private final Configuration options = new Configuration();

  @BeforeEach
  void nothingOpened() {
    opened = null;
  }

  @Test
  void isTheOneThatFlinkGives() throws Exception {
    assumeFalse(driver(), "there is an NVIDIA driver, which may know the GPU by another number");
    assertThat(device(OptionalInt.of(3))).isEqualTo(3);
    assertThat(device(OptionalInt.empty())).isZero();
    assertThat(options.contains(of.device)).as("the job's own options stay").isFalse();
  }

  @Test
  void isTheConfiguredOneWhateverFlinkGives() throws Exception {
    options.set(of.device, 1);
    assertThat(device(OptionalInt.of(3))).isEqualTo(1);
    options.set(of.device, 0);
    assertThat(device(OptionalInt.of(3))).isZero();
  }

  @Test
  void doesNotMatterToOthers() throws Exception {
    options.set(of.backend, BackendKind.CPU);
    device(OptionalInt.of(3));
    assertThat(opened.contains(of.device)).isFalse();
    options.set(of.backend, BackendKind.CUDA);
    options.set(new RemoteModelOptions("default").protocol, RemoteModelOptions.Protocol.OPENAI);
    device(OptionalInt.of(3));
    assertThat(opened.contains(of.device)).isFalse();
  }

  @Test
  void oneLineSaysThatThereIsNone() {
    assumeFalse(driver(), "there is an NVIDIA driver");
    options.set(of.backend, BackendKind.CUDA);
    assertThatThrownBy(() -> device(OptionalInt.of(3)))
        .isInstanceOf(MissingDeviceException.class)
        .hasMessageStartingWith("model default has no GPU here: no ")
        .hasMessageNotContaining("\n")
        .hasNoCause();
    assertThat(opened).as("nothing was read").isNull();
  }

  private int device(OptionalInt gpu) throws Exception {
    // As it travels to the task.
    InstantiationUtil.clone(new ConfiguredModel(new Recorder(), options, "default")).open(gpu);
    return opened.get(of.device);
  }

  private static boolean driver() {
    return Files.exists(Path.of("/dev/nvidiactl"));
  }

  private static final class Recorder implements Models {
    private static final long serialVersionUID = 1L;

    @Override
    public ModelProfile profile(Configuration options, String model) {
      throw new UnsupportedOperationException();
    }

    @Override
    public OpenedModel open(Configuration options, String model) {
      opened = options;
      return null;
    }
  }
}
