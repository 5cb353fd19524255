/** Prompts to a pipeline that runs elsewhere. */
package io.millrace.jobs.cli.submit;
