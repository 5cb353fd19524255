/** Events as lines for people. */
package io.millrace.jobs.cli.watch;
