package io.millrace.jobs.generate;

import static io.millrace.jobs.generate.GenerateHarness.prompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.cost.Pricing;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.jobs.testing.FakeMeters;
import io.millrace.schemas.CostEvent;
import java.math.BigDecimal;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.junit.jupiter.api.Test;

/** A model on a GPU: which one, what it is billed by, and where there is none. */
class GenerateGpuTest {
  private static final Pricing ELECTRICITY =
      Pricing.electricity(new BigDecimal("0.30"), BigDecimal.ZERO);

  @Test
  void isOpenedOnTheGpuThatFlinkGives() throws Exception {
    try (GenerateHarness harness = cuda(new FakeMeters()).open()) {
      assertThat(harness.gpu).hasValue(3);
    }
    try (GenerateHarness harness = new GenerateHarness(new FakeEngine(1_000), 10).open()) {
      assertThat(harness.gpu).isEmpty();
    }
  }

  @Test
  void isBilledForTheEnergyThatTheGpuCounts() throws Exception {
    FakeMeters meters = new FakeMeters();
    try (GenerateHarness harness = cuda(meters).open()) {
      meters.energyMillijoules += 1_000_000; // 1 kJ in 2 s
      harness.timePasses(2_000);
      harness.send(prompt(0, "used"));
      harness.runUntil(() -> harness.costs().size() == 1);
      CostEvent row = harness.costs().iterator().next();
      assertThat(row.getPriceSource()).isEqualTo("electricity-measured");
      assertThat(row.getPriceVersion()).isEqualTo("0.30 USD/kWh x 500.000 W");
      assertThat(row.getTotalUsd()).isPositive();
    }
  }

  @Test
  void endsTheJobThatBeginsWhereThereIsNone() throws Exception {
    try (GenerateHarness harness = cuda(new FakeMeters())) {
      harness.failure = new MissingDeviceException("model default has no GPU here: no driver");
      assertThatThrownBy(harness::open)
          .isInstanceOf(SuppressRestartsException.class)
          .hasRootCauseMessage("model default has no GPU here: no driver");
    }
  }

  private static GenerateHarness cuda(FakeMeters meters) throws Exception {
    GenerateHarness harness = GenerateHarness.cuda(new FakeEngine(1_000_000), ELECTRICITY);
    harness.meters = meters;
    return harness;
  }
}
