/** The command line {@code ./millrace}: one class a command, listed in {@link Commands}. */
package io.millrace.jobs.cli;
