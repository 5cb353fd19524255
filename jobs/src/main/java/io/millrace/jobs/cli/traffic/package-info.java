/** Sample prompts with known answers, and who asks them. */
package io.millrace.jobs.cli.traffic;
