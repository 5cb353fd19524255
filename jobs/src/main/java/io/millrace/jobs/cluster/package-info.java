/**
 * A cluster of separate processes on this machine, and the faults it is to survive: kill -9 of a
 * TaskManager, of the JobManager, of the broker.
 */
package io.millrace.jobs.cluster;
