package io.millrace.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.FlinkOptions;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterSettingsTest {
  private static final Path FLINK_CONF = Path.of(System.getProperty("millrace.home"), "flink-conf");
  private static final ClusterSettings.Ports PORTS = new ClusterSettings.Ports(1, 2, 3, 4);

  @TempDir Path folder;

  @Test
  void isARealClustersConfigurationButForWhatIsNamed() throws Exception {
    ClusterSettings settings = new ClusterSettings(folder, FLINK_CONF, 2, 2);
    Configuration real = GlobalConfiguration.loadConfiguration(FLINK_CONF.toString());
    settings.write(settings.flink(PORTS));
    Configuration read = GlobalConfiguration.loadConfiguration(folder.resolve("conf").toString());

    // What processes read is what was meant, and what was not named is as in a real cluster.
    Map<String, String> written = read.toMap();
    assertThat(written).isEqualTo(settings.flink(PORTS).toMap());
    Set<String> same = new HashSet<>(real.keySet());
    same.removeIf(key -> !real.toMap().get(key).equals(written.get(key)));
    assertThat(same)
        .contains(
            "state.backend.type",
            "execution.checkpointing.unaligned.enabled",
            "restart-strategy.type",
            "env.java.opts.all",
            "classloader.parent-first-patterns.additional")
        .hasSizeGreaterThan(real.keySet().size() / 2);
  }

  @Test
  void everyDifferenceIsAnOptionOfFlink() throws Exception {
    FlinkOptions.require(new ClusterSettings(folder, FLINK_CONF, 2, 2).flink(PORTS), Set.of());
  }

  @Test
  void listensOnLoopbackOnly() {
    Map<String, String> c = new ClusterSettings(folder, FLINK_CONF, 2, 2).flink(PORTS).toMap();
    assertThat(c)
        .containsEntry("metrics.reporters", "llm")
        .containsEntry("metrics.reporter.llm.bind-address", "127.0.0.1");
    c.forEach(
        (key, value) -> {
          if (key.matches(".*(bind-host|bind-address|taskmanager.host)")) {
            assertThat(value).as(key).isEqualTo("127.0.0.1");
          }
        });
  }

  @Test
  void wrongNumbersAndFoldersAreNamed() {
    assertThatThrownBy(() -> new ClusterSettings(folder, FLINK_CONF, 0, 2))
        .hasMessage("taskManagers is 0, must be 1 to 8");
    assertThatThrownBy(() -> new ClusterSettings(folder, folder, 1, 2))
        .hasMessageContaining("has no config.yaml");
  }
}
