/**
 * What the jobs tell Prometheus under names of their own: the catalogue, what feeds it, its text.
 */
package io.millrace.jobs.metrics;
