package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.jobs.testing.InstalledProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who hears of which alert, as docker/alertmanager says and amtool reads it. */
class AlertRoutesTest {
  private static final Path ALERTMANAGER =
      Path.of(System.getProperty("millrace.home"), "docker/alertmanager");
  private static final InstalledProgram AMTOOL = new InstalledProgram("amtool");

  @ParameterizedTest
  @CsvSource({
    "alertname=Watchdog severity=none, dead-mans-switch",
    "alertname=FlinkJobDown severity=page, page",
    "alertname=CheckpointSlow severity=ticket job_name=millrace_inference, ticket",
    "alertname=Backpressured severity=info, info",
    "alertname=LlmErrorBudgetBurn severity=page model=m window=1h, page",
    "alertname=LlmErrorBudgetBurn severity=ticket model=m window=3d, ticket",
    "alertname=LlmCostAnomaly severity=ticket tenant=acme, costs",
    "alertname=LlmCostAnomaly severity=page tenant=acme, 'page,costs'",
    "alertname=LlmTenantBudgetBurn severity=info tenant=acme, costs",
    "alertname=LlmLatencyShift severity=page tenant=acme, page",
    "alertname=LlmTrafficDrop severity=ticket tenant=acme, ticket",
    "alertname=SomebodyElses, ticket"
  })
  void routes(String labels, String receivers) throws Exception {
    assumeTrue(AMTOOL.isInstalled(), "skipped: needs amtool");
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "config",
                "routes",
                "test",
                "--config.file=alertmanager.yml",
                "--verify.receivers=" + receivers));
    arguments.addAll(List.of(labels.split(" ")));
    assertThat(AMTOOL.run(ALERTMANAGER, arguments)).contains(receivers);
  }

  @Test
  void alertmanagerTakesItAsItIsAndWithAllReceivers(@TempDir Path directory) throws Exception {
    assumeTrue(AMTOOL.isInstalled(), "skipped: needs amtool");
    String config = Files.readString(ALERTMANAGER.resolve("alertmanager.yml"));
    String receivers = config.substring(config.indexOf("\nreceivers:"));
    Path all =
        Files.writeString(
            directory.resolve("all.yml"),
            config.replace(receivers, receivers.replace("\n    # ", "\n    ")));
    assertThat(Files.readString(all)).contains("\n    pagerduty_configs:");
    for (Path file : List.of(ALERTMANAGER.resolve("alertmanager.yml"), all)) {
      assertThat(AMTOOL.run(ALERTMANAGER, List.of("check-config", file.toString())))
          .contains("SUCCESS", "5 receivers");
    }
  }

  @Test
  void holdsNoSecret() throws Exception {
    assertThat(Files.readString(ALERTMANAGER.resolve("alertmanager.yml")))
        .doesNotContainPattern("(?m)^[ #-]*(routing_key|service_key|api_url|auth_password):")
        .contains("routing_key_file: ", "api_url_file: ", "auth_password_file: ");
  }
}
