/**
 * The page that shows a running pipeline in a browser: the panels of {@link
 * io.millrace.jobs.dashboards}, without Prometheus or Grafana, and what was asked lately.
 */
package io.millrace.jobs.cli.page;
