/** Commands on a model file of its own: no broker, no cluster. */
package io.millrace.jobs.cli.model;
