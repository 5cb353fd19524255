package io.millrace.jobs.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.schemas.Anomaly;
import io.millrace.schemas.AnomalySeverity;
import io.millrace.schemas.AnomalyState;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AnomalyRecorderTest {
  private final LlmText text = new LlmText();
  private final AnomalyRecorder recorder = new AnomalyRecorder(new ShownMetrics(text), 2);

  @Test
  void followsAnAnomalyToItsEnd() {
    window("acme", 0.5, null);
    assertThat(samples())
        .containsOnly(
            Map.entry("llm_anomaly_score{tenant=\"acme\",model=\"m\"," + COST + "}", 0.5));

    recorder.emitted(anomaly("acme", AnomalyState.open, AnomalySeverity.warning));
    window("acme", 8, AnomalySeverity.warning);
    assertThat(samples())
        .containsEntry("llm_anomaly_score{tenant=\"acme\",model=\"m\"," + COST + "}", 8.0)
        .containsEntry("llm_anomaly_active" + labels("acme", "warning"), 1.0)
        .containsEntry("llm_anomalies_total" + labels("acme", "warning"), 1.0);

    recorder.emitted(anomaly("acme", AnomalyState.update, AnomalySeverity.critical));
    window("acme", 80, AnomalySeverity.critical);
    window("acme", 80, AnomalySeverity.critical);
    assertThat(samples())
        .containsEntry("llm_anomaly_active" + labels("acme", "warning"), 0.0)
        .containsEntry("llm_anomaly_active" + labels("acme", "critical"), 1.0)
        .containsEntry("llm_anomalies_total" + labels("acme", "critical"), 1.0);

    recorder.emitted(anomaly("acme", AnomalyState.resolved, AnomalySeverity.critical));
    window("acme", 0, null);
    assertThat(samples())
        .containsEntry("llm_anomaly_active" + labels("acme", "critical"), 0.0)
        .containsEntry("llm_anomalies_total" + labels("acme", "critical"), 1.0);
  }

  @Test
  void whatARestartFindsOpenIsActiveAndNotNew() {
    window("acme", 8, AnomalySeverity.warning);
    assertThat(samples())
        .containsEntry("llm_anomaly_active" + labels("acme", "warning"), 1.0)
        .doesNotContainKey("llm_anomalies_total" + labels("acme", "warning"));
  }

  @Test
  void tenantsWithoutALabelAreCounted() {
    for (String tenant : new String[] {"a", "b", "c", "d"}) {
      window(tenant, 9, AnomalySeverity.warning);
    }
    window("d", 0, null);
    assertThat(samples())
        .containsEntry("llm_anomaly_active" + labels("b", "warning"), 1.0)
        .containsEntry("llm_anomaly_active" + labels("other", "warning"), 1.0)
        .doesNotContainKey("llm_anomaly_active" + labels("c", "warning"))
        .doesNotContainKey("llm_anomaly_score{tenant=\"other\",model=\"m\"," + COST + "}");
  }

  @Test
  void calmTenantsTakeNoName() {
    window("a", 0, null);
    window("b", 0, null);
    window("late", 9, AnomalySeverity.warning);
    assertThat(samples()).containsEntry("llm_anomaly_active" + labels("late", "warning"), 1.0);
  }

  private static final String COST = "detector=\"cost-spike\",signal=\"cost_usd\",";

  private static String labels(String tenant, String severity) {
    return "{tenant=\"%s\",model=\"m\",%sseverity=\"%s\",}".formatted(tenant, COST, severity);
  }

  private void window(String tenant, double score, AnomalySeverity severity) {
    recorder.window(tenant, "m", "cost-spike", "cost_usd", score, severity);
  }

  private Map<String, Double> samples() {
    return ShownMetrics.samples(text.scrape());
  }

  private static Anomaly anomaly(String tenant, AnomalyState state, AnomalySeverity severity) {
    return Anomaly.newBuilder()
        .setId("id")
        .setDetector("cost-spike")
        .setSignal("cost_usd")
        .setSeverity(severity)
        .setState(state)
        .setTenant(tenant)
        .setModel("m")
        .setWindowStart(Instant.EPOCH)
        .setWindowEnd(Instant.EPOCH)
        .setFirstSeen(Instant.EPOCH)
        .setValue(1)
        .build();
  }
}
