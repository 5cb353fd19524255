/** {@code bench}: measurements to steer by, one class a benchmark, as tables and as JSON. */
package io.millrace.jobs.cli.bench;
