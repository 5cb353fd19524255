package io.millrace.jobs.report;

import static io.millrace.jobs.report.TestLedger.answer;
import static io.millrace.jobs.report.TestLedger.hit;
import static io.millrace.jobs.report.TestLedger.idle;
import static io.millrace.jobs.report.TestLedger.recovery;
import static io.millrace.jobs.report.TestLedger.usd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReportQueriesTest {

  @Test
  void addsUpCostsAndSavingsByTenant() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      ledger
          .add(answer("acme", 1, "0.30").setSavedPrefixUsd(usd("0.05")).setCachedTokens(40))
          .add(answer("acme", 2, "0.10"))
          .add(hit("acme", 3, "0.30"))
          .add(answer("blue", 4, "0.20"))
          .add(idle(5, "0.01"));

      Report report = ledger.report();

      assertThat(report.rows()).isEqualTo(5);
      assertThat(report.total().costs().total()).isEqualTo(usd("0.61"));
      assertThat(report.total().costs().answers()).isEqualTo(usd("0.60"));
      assertThat(report.total().costs().idle()).isEqualTo(usd("0.01"));
      assertThat(report.total().saved().dedup()).isEqualTo(usd("0.30"));
      assertThat(report.total().withoutSavings()).isEqualTo(usd("0.95"));
      assertThat(report.tenants().groups()).extracting(Group::name).containsExactly("acme", "blue");
      Sums acme = report.tenants().groups().get(0).sums();
      assertThat(acme.requests()).isEqualTo(new Requests(3, 2, 1, 0, 0, 0));
      assertThat(acme.costs().total()).isEqualTo(usd("0.40"));
      assertThat(acme.saved().all()).isEqualTo(usd("0.35"));
      assertThat(acme.tokens().prompt()).isEqualTo(240);
      assertThat(acme.prefixShare().fraction()).contains(new BigDecimal("0.166667"));
      assertThat(acme.perRequest()).contains(usd("0.133333333333333333333333"));
      assertThat(acme.perMillionOutputTokens()).contains(usd("10000"));
    }
  }

  @Test
  void addsUpToTheLastPlace() throws SQLException {
    Random random = new Random(11);
    BigDecimal sum = BigDecimal.ZERO;
    try (TestLedger ledger = new TestLedger()) {
      for (int i = 0; i < 300; i++) {
        BigDecimal usd =
            new BigDecimal(new BigInteger(i % 3 == 0 ? 110 : 60, random), 24).setScale(24);
        sum = sum.add(usd);
        ledger.add(
            answer("t" + i % 7, i, usd.toPlainString()).setSavedSpeculationUsd(usd.negate()));
      }
      Report report = ledger.report();
      assertThat(report.total().costs().total()).isEqualTo(sum);
      assertThat(report.total().saved().speculation()).isEqualTo(sum.negate());
      assertThat(
              report.tenants().groups().stream()
                  .map(group -> group.sums().costs().total())
                  .reduce(BigDecimal.ZERO, BigDecimal::add))
          .isEqualTo(sum);
      assertThat(
              report.slices().stream()
                  .flatMap(slice -> slice.tenantsUsd().stream())
                  .reduce(BigDecimal.ZERO, BigDecimal::add))
          .isEqualTo(sum);
    }
  }

  @Test
  void moreThanDecimalsHoldIsRefusedAndNotRounded() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      ledger.add(answer("a", 1, "60000000000000")).add(answer("a", 2, "60000000000000"));
      assertThatThrownBy(ledger::report)
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("Overflow");
    }
  }

  @Test
  void whatHasNoPriceIsCountedAndIsNotZero() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      ledger
          .add(answer("priced", 1, "0.10"))
          .add(answer("unpriced", 2, null))
          .add(answer("unpriced", 3, null))
          .add(hit("unpriced", 4, null))
          .add(idle(5, null));

      Report report = ledger.report();

      Sums total = report.total();
      assertThat(total.costs().total()).isEqualTo(usd("0.10"));
      assertThat(total.costs().unpricedRows()).isEqualTo(3);
      assertThat(total.requests().unpriced()).isEqualTo(2);
      assertThat(total.saved().unknown()).isEqualTo(3);
      assertThat(total.tokens().priced()).isEqualTo(120);
      assertThat(total.perRequest()).contains(usd("0.05"));
      Sums unpriced = report.tenants().groups().get(1).sums();
      assertThat(unpriced.costs().known(unpriced.costs().total())).isEmpty();
      assertThat(unpriced.saved().known(unpriced.saved().all())).isEmpty();
      assertThat(unpriced.perMillionTokens()).isEmpty();
      Report only = ledger.report(new ReportFilter(null, null, "unpriced", null), null);
      assertThat(only.total().costs().pricedRows()).isEqualTo(1);
      assertThat(report.prices())
          .containsExactly(new PriceUsed("llama", "device-hour", "0.10 USD/h", null, 5, 3));
    }
  }

  @Test
  void savingsMayBeNegative() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      ledger.add(answer("a", 1, "0.10").setSavedSpeculationUsd(usd("-0.02")));
      Sums total = ledger.report().total();
      assertThat(total.withoutSavings()).isEqualTo(usd("0.08"));
      assertThat(total.savedShare().fraction()).contains(new BigDecimal("-0.250000"));
    }
  }

  @Test
  void idleAndLostTimeBelongToModelsAndToNoTenant() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      ledger
          .add(answer("a", 1, "0.10"))
          .add(idle(2, "0.03"))
          .add(recovery(3, "0.02"))
          .add(CostEvent.newBuilder(idle(4, "0.005").setKind(CostKind.unknown).build()));

      Report report = ledger.report();

      assertThat(report.total().time())
          .isEqualTo(new DeviceTime(1_500_000_000L, 1_000_000_000L, 1_000_000_000L));
      assertThat(report.total().idleShare().fraction()).contains(new BigDecimal("0.285714"));
      assertThat(report.total().costs().other()).isEqualTo(usd("0.005"));
      assertThat(report.tenants().size()).isEqualTo(1);
      assertThat(report.models().groups().get(0).sums().costs().total()).isEqualTo(usd("0.155"));
      assertThat(report.tenantLayers())
          .containsExactly(
              new Layer(Layer.Kind.NAMED, "a"),
              new Layer(Layer.Kind.IDLE, null),
              new Layer(Layer.Kind.RECOVERY, null));
      assertThat(report.slices().get(0).tenantsUsd())
          .containsExactly(usd("0.10"), usd("0.03"), usd("0.025"));
      Report a = ledger.report(new ReportFilter(null, null, "a", null), null);
      assertThat(a.total().costs().total()).isEqualTo(usd("0.10"));
      assertThat(a.rows()).isEqualTo(1);
    }
  }

  @Test
  void attemptsCountOnceAndCostEach() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      ledger
          .add(answer("a", 1, "0.10").setIsFinal(false).setStatus(RequestStatus.failed))
          .add(answer("a", 2, "0.10").setAttempt(1));
      Sums total = ledger.report().total();
      assertThat(total.requests()).isEqualTo(new Requests(1, 1, 0, 0, 0, 0));
      assertThat(total.costs().total()).isEqualTo(usd("0.20"));
    }
  }

  @Test
  void manyTenantsBecomeTheDearestAndTheRest() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      for (int i = 1; i <= 500; i++) {
        ledger.add(answer("tenant-" + i, i % 60, "0.%03d".formatted(i)));
      }
      Report report = ledger.report();
      assertThat(report.tenants().size()).isEqualTo(500);
      Ranking top = report.tenants().top(10);
      assertThat(top.groups()).extracting(Group::name).startsWith("tenant-500", "tenant-499");
      assertThat(top.others()).isEqualTo(490);
      assertThat(top.restOf().orElseThrow().costs().total()).isEqualTo(usd("120.295"));
      assertThat(top.top(10)).isEqualTo(top);
      assertThat(report.tenantLayers()).hasSize(7).endsWith(new Layer(Layer.Kind.OTHERS, null));
      assertThat(
              report.slices().stream()
                  .map(slice -> slice.tenantsUsd().get(6))
                  .reduce(BigDecimal.ZERO, BigDecimal::add))
          .isEqualTo(report.tenants().top(6).restOf().orElseThrow().costs().total());
    }
  }

  @Test
  void daysAreOfUtcAndBothCount() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      for (String time :
          new String[] {
            "2026-03-01T23:59:59.999Z",
            "2026-03-02T00:00:00Z",
            "2026-03-03T23:59:59.999Z",
            "2026-03-04T00:00:00Z"
          }) {
        ledger.add(answer("a", 0, "1").setEventTime(Instant.parse(time)));
      }
      ReportFilter filter =
          new ReportFilter(
              LocalDate.parse("2026-03-02"), LocalDate.parse("2026-03-03"), null, null);
      Report report = ledger.report(filter, SliceLength.DAY);
      assertThat(report.rows()).isEqualTo(2);
      assertThat(report.slices())
          .extracting(TimeSlice::start)
          .containsExactly(
              Instant.parse("2026-03-02T00:00:00Z"), Instant.parse("2026-03-03T00:00:00Z"));
      assertThat(report.period().orElseThrow().from())
          .as("no earlier than the first day, though the request began before")
          .isEqualTo(Instant.parse("2026-03-02T00:00:00Z"));
      assertThat(ledger.report().period().orElseThrow().slices()).isEqualTo(SliceLength.HOUR);
    }
  }

  @Test
  void tellsWhatTheLatestDayWouldMakeInAMonth() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      int day = 86_400;
      ledger
          .add(answer("a", 0, "5"))
          .add(answer("a", 2 * day, "3"))
          .add(answer("a", 3 * day - 1, "1"))
          .add(answer("a", 3 * day, "1"));
      SpendingRate rate = ledger.report().rate().orElseThrow();
      assertThat(rate.window()).isEqualTo(Duration.ofDays(1));
      assertThat(rate.usd()).isEqualTo(usd("5"));
      assertThat(rate.usdIn(SpendingRate.DAY)).isEqualByComparingTo("5");
      assertThat(rate.usdIn(SpendingRate.MONTH)).isEqualByComparingTo("150");
      assertThat(rate.requestsIn(SpendingRate.MONTH)).isEqualTo(90);
    }
    try (TestLedger ledger = new TestLedger()) {
      ledger.add(answer("a", 10, "3")).add(answer("a", 19, "2"));
      SpendingRate rate = ledger.report().rate().orElseThrow();
      assertThat(rate.window()).isEqualTo(Duration.ofSeconds(10));
      assertThat(rate.usdIn(SpendingRate.DAY)).isEqualByComparingTo("43200");
    }
  }

  @Test
  void anEmptyLedgerIsAReportOfNothing() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      Report report = ledger.report();
      assertThat(report.rows()).isZero();
      assertThat(report.period()).isEmpty();
      assertThat(report.rate()).isEmpty();
      assertThat(report.total().costs().total()).isEqualByComparingTo("0");
      assertThat(report.total().perRequest()).isEmpty();
      assertThat(report.total().savedShare().fraction()).isEmpty();
      assertThat(report.tenants().groups()).isEmpty();
      assertThat(report.slices()).isEmpty();
    }
  }

  @Test
  void filesOfEarlierVersionsHaveNoBatchSavings() throws SQLException {
    try (TestLedger ledger = new TestLedger(column -> !column.equals("saved_batch_usd"))) {
      ledger.add(answer("a", 1, "1"));
      assertThat(ledger.report().total().saved().batch()).isEqualByComparingTo("0");
    }
    try (TestLedger ledger = new TestLedger(column -> !column.equals("saved_batch_usd"))) {
      ledger.add(answer("a", 1, "1"));
      try (var statement = ledger.connection().createStatement()) {
        statement.execute(
            "ALTER TABLE ledger ADD COLUMN saved_batch_usd DECIMAL(38, 24) DEFAULT 0.5");
      }
      assertThat(ledger.report().total().saved().batch()).isEqualTo(usd("0.5"));
    }
  }

  @Test
  void namesAreDataAndNoQuery() throws SQLException {
    String name = "x'; DROP TABLE ledger; --";
    try (TestLedger ledger = new TestLedger()) {
      ledger.add(answer(name, 1, "1")).add(answer("a", 2, "2"));
      Report report = ledger.report(new ReportFilter(null, null, name, "llama"), null);
      assertThat(report.total().costs().total()).isEqualTo(usd("1"));
      assertThat(ledger.report().rows()).isEqualTo(2);
    }
  }

  @Test
  void shortPeriodsAreCutIntoSecondsAndLongOnesIntoDays() {
    assertThat(SliceLength.of(Duration.ofMinutes(2))).isEqualTo(SliceLength.TEN_SECONDS);
    assertThat(SliceLength.of(Duration.ofMinutes(100))).isEqualTo(SliceLength.MINUTE);
    assertThat(SliceLength.of(Duration.ofHours(20))).isEqualTo(SliceLength.HOUR);
    assertThat(SliceLength.of(Duration.ofDays(400))).isEqualTo(SliceLength.DAY);
  }
}
