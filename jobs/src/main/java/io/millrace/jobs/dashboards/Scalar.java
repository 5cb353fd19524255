package io.millrace.jobs.dashboards;

import java.util.List;
import java.util.Map;

/** One value without labels, which goes with every label. */
record Scalar(Expr of) implements Expr {
  @Override
  public String promQl() {
    return "scalar(" + of.promQl() + ")";
  }

  @Override
  public List<Sample> value(Samples samples) {
    List<Sample> values = of.value(samples);
    return List.of(new Sample(Map.of(), values.size() == 1 ? values.get(0).value() : Double.NaN));
  }

  @Override
  public List<Selector> selectors() {
    return of.selectors();
  }
}
