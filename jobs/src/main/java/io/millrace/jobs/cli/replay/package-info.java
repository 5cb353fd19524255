/** Dead letters back into the prompts topic, each at most once. */
package io.millrace.jobs.cli.replay;
