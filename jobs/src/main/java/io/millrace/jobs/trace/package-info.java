/** Spans of prompts, by OpenTelemetry's conventions for generative AI, sent by OTLP over HTTP. */
package io.millrace.jobs.trace;
