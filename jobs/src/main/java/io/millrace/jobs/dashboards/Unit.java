package io.millrace.jobs.dashboards;

import java.util.Locale;

/** What a panel's numbers are. */
public enum Unit {
  USD("currencyUSD"),
  SHARE("percentunit"),
  SECONDS("s"),
  MILLISECONDS("ms"),
  HOURS("h"),
  TOKENS_PER_SECOND("suffix: tok/s"),
  PER_SECOND("ops"),
  COUNT("short"),
  BYTES("bytes");

  private final String grafana;

  Unit(String grafana) {
    this.grafana = grafana;
  }

  /** Grafana's word for it. */
  String grafana() {
    return grafana;
  }

  /** The built-in page's word for it. */
  public String page() {
    return name().toLowerCase(Locale.ROOT);
  }
}
