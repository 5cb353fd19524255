/** What each way to save money saves, one after the other, on one stream of prompts. */
package io.millrace.jobs.cli.savings;
