package io.millrace.jobs.dashboards;

import java.util.List;
import java.util.Map;

/** The time of the evaluation, which goes with every label. */
record Now() implements Expr {
  @Override
  public String promQl() {
    return "time()";
  }

  @Override
  public List<Sample> value(Samples samples) {
    return List.of(new Sample(Map.of(), samples.seconds()));
  }

  @Override
  public List<Selector> selectors() {
    return List.of();
  }
}
