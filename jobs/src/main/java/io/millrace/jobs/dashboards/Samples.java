package io.millrace.jobs.dashboards;

import java.util.List;

/** What was measured lately, for expressions that are evaluated here and not by Prometheus. */
public interface Samples {
  /** The newest values of the series that a selector selects; perhaps none. */
  List<Sample> newest(Selector selector);

  /** By how much they grew a second, over the last moments. */
  List<Sample> perSecond(Selector selector);

  /** By how much they grew since the first measurement. */
  List<Sample> grown(Selector selector);

  /** When that was, seconds since 1970. */
  double seconds();
}
