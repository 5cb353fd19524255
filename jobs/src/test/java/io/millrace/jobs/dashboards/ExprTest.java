package io.millrace.jobs.dashboards;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.metrics.LlmMetric;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What an expression says, and what it comes to. */
class ExprTest {
  private static final Selector COST = Selector.of(LlmMetric.COST);
  private static final Selector SAVED = Selector.of(LlmMetric.SAVED);

  /** Every reading gives the same values. */
  private record Fixed(Map<String, List<Sample>> series) implements Samples {
    @Override
    public List<Sample> newest(Selector selector) {
      return series.getOrDefault(selector.name(), List.of()).stream()
          .filter(sample -> selector.selects(selector.name(), sample.labels()))
          .toList();
    }

    @Override
    public List<Sample> perSecond(Selector selector) {
      return newest(selector);
    }

    @Override
    public List<Sample> grown(Selector selector) {
      return newest(selector);
    }

    @Override
    public double seconds() {
      return 1000;
    }
  }

  private static final Samples MONEY =
      new Fixed(
          Map.of(
              COST.name(),
              List.of(
                  new Sample(Map.of("tenant", "a", "model", "m"), 1),
                  new Sample(Map.of("tenant", "a", "model", "n"), 2),
                  new Sample(Map.of("tenant", "b", "model", "m"), 4),
                  new Sample(Map.of("model", "m"), 8)),
              SAVED.name(),
              List.of(new Sample(Map.of("tenant", "a", "model", "m", "reason", "dedup"), 9))));

  @Test
  void sumsByLabels() {
    Expr perHour = Expr.rate(COST).sum("tenant").times(3600);
    assertThat(perHour.promQl())
        .isEqualTo(
            "sum by (tenant) (rate(llm_cost_usd_total{tenant=~\"$tenant\",model=~\"$model\"}"
                + "[$__rate_interval])) * 3600");
    assertThat(perHour.value(MONEY))
        .containsExactlyInAnyOrder(
            new Sample(Map.of("tenant", "a"), 3 * 3600),
            new Sample(Map.of("tenant", "b"), 4 * 3600),
            new Sample(Map.of(), 8 * 3600));
  }

  @Test
  void dividesWhatHasTheSameLabels() {
    Expr share = Expr.increase(SAVED).sum("tenant").dividedBy(Expr.increase(COST).sum("tenant"));
    assertThat(share.promQl()).contains("[$__range]").contains(" / ");
    assertThat(share.value(MONEY)).containsExactly(new Sample(Map.of("tenant", "a"), 3));
    assertThat(Expr.constant(1).plus(Expr.value(SAVED).sum()).value(MONEY))
        .containsExactly(new Sample(Map.of(), 10));
    assertThat(Expr.now().minus(Expr.value(SAVED).sum()).value(MONEY))
        .containsExactly(new Sample(Map.of(), 991));
  }

  @Test
  void bracketsKeepTheOrder() {
    Expr a = Expr.value(Selector.flink("a"));
    Expr b = Expr.value(Selector.flink("b"));
    assertThat(a.minus(b.minus(a)).promQl()).isEqualTo("flink_a - (flink_b - flink_a)");
    assertThat(a.plus(b).times(0.001).promQl()).isEqualTo("(flink_a + flink_b) * 0.001");
    assertThat(a.orZero().dividedBy(b).promQl()).isEqualTo("(flink_a or vector(0)) / flink_b");
  }

  @Test
  void filtersAsPrometheusDoes() {
    Selector nobody = COST.where("tenant", "");
    assertThat(nobody.promQl()).isEqualTo("llm_cost_usd_total{model=~\"$model\",tenant=\"\"}");
    assertThat(Expr.value(nobody).value(MONEY)).hasSize(1);
    assertThat(Expr.value(COST.whereNot("tenant", "")).value(MONEY)).hasSize(3);
    assertThat(Expr.value(COST.whereMatches("tenant", "b|c")).value(MONEY)).hasSize(1);
    assertThat(Expr.value(COST.whereMatches("tenant", "")).value(MONEY)).hasSize(1);
  }

  @Test
  void theLargestComeFirstAndNothingCanBeZero() {
    assertThat(Expr.value(COST).top(2).value(MONEY))
        .extracting(Sample::value)
        .containsExactly(8.0, 4.0);
    assertThat(Expr.value(Selector.flink("x")).sum().value(MONEY)).isEmpty();
    assertThat(Expr.value(Selector.flink("x")).sum().orZero().value(MONEY))
        .containsExactly(new Sample(Map.of(), 0));
  }

  /** The same numbers from Prometheus: rank 1.9 of 2 lies at 90 % of the bucket 1 to 2. */
  @Test
  void quantilesAreLinearInsideABucket() {
    assertThat(quantile(0.95, 1, 2, 2)).isEqualTo(1.9);
    assertThat(quantile(0.5, 2, 2, 2)).isEqualTo(0.5);
    assertThat(quantile(0.99, 0, 0, 5)).as("beyond the last bound").isEqualTo(2.0);
    assertThat(quantile(0.5, 0, 0, 0)).isNaN();
  }

  /** Of buckets with the bounds 1, 2 and none. */
  private static double quantile(double quantile, double one, double two, double all) {
    Selector buckets = Selector.buckets(LlmMetric.REQUEST_LATENCY);
    List<Sample> samples = new ArrayList<>();
    samples.add(new Sample(Map.of("le", "1.0"), one));
    samples.add(new Sample(Map.of("le", "2.0"), two));
    samples.add(new Sample(Map.of("le", "+Inf"), all));
    Samples measured = new Fixed(Map.of(buckets.name(), samples));
    return Expr.rate(buckets).sum("le").quantile(quantile).value(measured).get(0).value();
  }

  @Test
  void legendsNameLines() {
    Query query = new Query(Expr.constant(1), "{{detector}}, {{tenant}}");
    assertThat(query.legend(Map.of("detector", "cost-spike", "tenant", "a$1")))
        .isEqualTo("cost-spike, a$1");
    assertThat(query.legend(Map.of())).isEqualTo("none, none");
  }
}
