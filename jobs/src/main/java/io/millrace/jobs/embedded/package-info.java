/** A Kafka broker and a Flink cluster inside this JVM. */
package io.millrace.jobs.embedded;
