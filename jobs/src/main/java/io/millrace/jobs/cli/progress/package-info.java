/** How long work tells how far it is. */
package io.millrace.jobs.cli.progress;
