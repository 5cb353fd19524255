/** A report as a terminal's table, as JSON and as CSV, and how its figures are written. */
package io.millrace.jobs.report.format;
