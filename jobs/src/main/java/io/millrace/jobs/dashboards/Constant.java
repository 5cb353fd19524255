package io.millrace.jobs.dashboards;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A number. */
record Constant(double number) implements Expr {
  @Override
  public String promQl() {
    return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }

  @Override
  public List<Sample> value(Samples samples) {
    return List.of(new Sample(Map.of(), number));
  }

  @Override
  public List<Selector> selectors() {
    return List.of();
  }
}
