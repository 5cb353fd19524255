/** The inference job under kill -9, and the counts that tell whether it kept its promise. */
package io.millrace.jobs.cli.torture;
