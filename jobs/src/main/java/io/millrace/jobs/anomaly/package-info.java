/** Anomalies in streams of costs: detectors of one series, and the job that runs them. */
package io.millrace.jobs.anomaly;
