package io.millrace.jobs.metrics;

import io.millrace.engine.EngineStats;
import java.util.function.Supplier;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MeterView;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;

/**
 * The most telling of the metrics under short names of the operator's own, for those who pick them
 * in Flink's dashboard: batchSequences, waitingRequests, kvCacheUsage, tokensPerSecond,
 * draftAcceptance, cacheHitRatio, prefixCacheHitRatio. Ratios are of the newest cases.
 */
final class GenerateGauges {
  private final Counter tokens = new SimpleCounter();
  private final Ratio acceptance = new Ratio(2_000);
  private final Ratio cacheHits = new Ratio(200);
  private final Ratio prefixHits = new Ratio(20_000);

  /**
   * @param load gives the engine's, or null before its first step
   */
  GenerateGauges(MetricGroup group, Supplier<EngineStats> load) {
    group.gauge("batchSequences", () -> load.get() == null ? 0 : load.get().running());
    group.gauge("waitingRequests", () -> load.get() == null ? 0 : load.get().waiting());
    group.gauge("kvCacheUsage", () -> load.get() == null ? 0 : kvUsage(load.get()));
    group.meter("tokensPerSecond", new MeterView(tokens));
    group.gauge("draftAcceptance", acceptance);
    group.gauge("cacheHitRatio", cacheHits);
    group.gauge("prefixCacheHitRatio", prefixHits);
  }

  static double kvUsage(EngineStats stats) {
    return stats.kvBlocksTotal() == 0 ? 0 : (double) stats.kvBlocksUsed() / stats.kvBlocksTotal();
  }

  void tokens(int count) {
    tokens.inc(count);
  }

  void drafts(long accepted, long drafted) {
    acceptance.add(accepted, drafted);
  }

  void settled(boolean hit) {
    cacheHits.add(hit ? 1 : 0, 1);
  }

  void prefix(long hits, long queries) {
    prefixHits.add(hits, queries);
  }

  /** Of cases of which older ones weigh half; one thread adds, others read. */
  private static final class Ratio implements Gauge<Double> {
    private final long casesMax;
    private double hits;
    private double cases;
    private volatile double value;

    Ratio(long casesMax) {
      this.casesMax = casesMax;
    }

    void add(long moreHits, long moreCases) {
      if (moreCases == 0) {
        return;
      }
      hits += moreHits;
      cases += moreCases;
      value = hits / cases;
      if (cases > casesMax) {
        hits /= 2;
        cases /= 2;
      }
    }

    @Override
    public Double getValue() {
      return value;
    }
  }
}
