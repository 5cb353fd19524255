/** Sample traffic through the real pipeline, and what came of it. */
package io.millrace.jobs.cli.demo;
