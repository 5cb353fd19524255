/** Reads the topics that the inference job writes, as any consumer would. */
package io.millrace.jobs.cli.events;
