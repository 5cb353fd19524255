package io.millrace.jobs.cluster;

/** What dies by kill -9. */
public enum Fault {
  TASK_MANAGER,
  JOB_MANAGER,
  BROKER
}
