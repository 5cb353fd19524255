package io.millrace.jobs.dashboards;

import java.util.List;
import java.util.Map;

/** A number that is 0 where nothing was counted yet. */
record OrZero(Expr of) implements Expr {
  @Override
  public String promQl() {
    return of.promQl() + " or vector(0)";
  }

  @Override
  public List<Sample> value(Samples samples) {
    List<Sample> known = of.value(samples);
    return known.isEmpty() ? List.of(new Sample(Map.of(), 0)) : known;
  }

  @Override
  public List<Selector> selectors() {
    return of.selectors();
  }
}
