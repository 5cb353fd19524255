package io.millrace.jobs.dashboards;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** As Prometheus estimates it: linear between the bounds of a bucket. */
record Quantile(double quantile, Expr of) implements Expr {
  private static final String BOUND = "le";

  @Override
  public String promQl() {
    return "histogram_quantile(" + quantile + ", " + of.promQl() + ")";
  }

  @Override
  public List<Sample> value(Samples samples) {
    Map<Map<String, String>, TreeMap<Double, Double>> histograms = new LinkedHashMap<>();
    for (Sample bucket : of.value(samples)) {
      String bound = bucket.labels().get(BOUND);
      if (bound != null) {
        Map<String, String> others = new TreeMap<>(bucket.labels());
        others.remove(BOUND);
        histograms
            .computeIfAbsent(others, labels -> new TreeMap<>())
            .merge(bound(bound), bucket.value(), Double::sum);
      }
    }
    return histograms.entrySet().stream()
        .map(histogram -> new Sample(histogram.getKey(), estimate(histogram.getValue())))
        .toList();
  }

  private static double bound(String text) {
    return text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
  }

  /**
   * @param buckets how many are not above each bound; the last bound is infinite
   */
  private double estimate(TreeMap<Double, Double> buckets) {
    List<Map.Entry<Double, Double>> rising = new ArrayList<>(buckets.entrySet());
    double all = buckets.lastEntry().getValue();
    if (rising.size() < 2 || buckets.lastKey() != Double.POSITIVE_INFINITY || !(all > 0)) {
      return Double.NaN;
    }
    double rank = quantile * all;
    int found = 0;
    while (found < rising.size() - 1 && rising.get(found).getValue() < rank) {
      found++;
    }
    if (found == rising.size() - 1) {
      return rising.get(found - 1).getKey();
    }
    double below = found == 0 ? 0 : rising.get(found - 1).getValue();
    double lower = found == 0 ? 0 : rising.get(found - 1).getKey();
    double upper = rising.get(found).getKey();
    double inside = rising.get(found).getValue() - below;
    return lower + (upper - lower) * (rank - below) / inside;
  }

  @Override
  public List<Selector> selectors() {
    return of.selectors();
  }
}
