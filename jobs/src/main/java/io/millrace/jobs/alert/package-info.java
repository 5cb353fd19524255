/** Anomalies straight to an Alertmanager, beside the topic. */
package io.millrace.jobs.alert;
