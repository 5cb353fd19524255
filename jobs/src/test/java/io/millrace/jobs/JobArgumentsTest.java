package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobArgumentsTest {
  @Test
  void readsAFolderAndWhatGoesOverIt(@TempDir Path directory) throws Exception {
    Files.writeString(
        directory.resolve("config.yaml"), "millrace:\n  tokens: step\n  topics.prefix: a.\n");
    Configuration options =
        JobArguments.parse(
            new String[] {"--config", directory.toString(), "-Dmillrace.topics.prefix=b=c"});

    assertThat(options.get(MillraceOptions.TOKEN_EVENTS))
        .isEqualTo(MillraceOptions.TokenEvents.STEP);
    assertThat(options.get(MillraceOptions.TOPIC_PREFIX)).isEqualTo("b=c");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--config", "millrace.tokens=off", "-D=1", "-Dkey", "--help", ""})
  void refusesWhatItDoesNotKnow(String argument) {
    assertThatThrownBy(() -> JobArguments.parse(new String[] {argument}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("unexpected argument %s; expected --config DIR or -Dkey=value", argument);
  }

  @Test
  void refusesAFolderThatIsNotThere() {
    assertThatThrownBy(() -> JobArguments.parse(new String[] {"--config", "/no/such/folder"}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("--config /no/such/folder is no directory");
  }
}
