package io.millrace.jobs.dashboards;

import java.util.Comparator;
import java.util.List;

/** The largest, the first of them first. */
record Top(int count, Expr of) implements Expr {
  @Override
  public String promQl() {
    return "topk(" + count + ", " + of.promQl() + ")";
  }

  @Override
  public List<Sample> value(Samples samples) {
    return of.value(samples).stream()
        .sorted(Comparator.comparingDouble(Sample::value).reversed())
        .limit(count)
        .toList();
  }

  @Override
  public List<Selector> selectors() {
    return of.selectors();
  }
}
