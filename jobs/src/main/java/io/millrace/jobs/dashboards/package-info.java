/**
 * What is worth looking at: one list of panels, from which Grafana's dashboards are written and
 * which the built-in page draws.
 */
package io.millrace.jobs.dashboards;
