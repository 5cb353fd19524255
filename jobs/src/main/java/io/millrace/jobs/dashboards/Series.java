package io.millrace.jobs.dashboards;

import java.util.List;

/** Series as they are, or how they grow. */
record Series(Selector selector, Reading reading) implements Expr {
  enum Reading {
    VALUE,
    RATE,
    INCREASE
  }

  @Override
  public String promQl() {
    return switch (reading) {
      case VALUE -> selector.promQl();
      case RATE -> "rate(" + selector.promQl() + "[$__rate_interval])";
      case INCREASE -> "increase(" + selector.promQl() + "[$__range])";
    };
  }

  @Override
  public List<Sample> value(Samples samples) {
    return switch (reading) {
      case VALUE -> samples.newest(selector);
      case RATE -> samples.perSecond(selector);
      case INCREASE -> samples.grown(selector);
    };
  }

  @Override
  public List<Selector> selectors() {
    return List.of(selector);
  }
}
