/** JSON Lines files: reading them, and writing the lines of OpenAI's batch files. */
package io.millrace.jobs.cli.lines;
