/**
 * OpenAI batch files through the inference job.
 *
 * <p>The lines that are to be answered go, in the file's order, to the one partition of a topic of
 * the batch's own: the offset of a line's record is the number of such lines before it. So a
 * request id leads back to its line, and after an interruption the partition's end tells how far
 * producing had got; nothing else is kept.
 */
package io.millrace.jobs.cli.batch;
