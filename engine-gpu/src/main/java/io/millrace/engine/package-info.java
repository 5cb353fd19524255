/**
 * The engine: a model, a paged KV cache and a scheduler that batches requests continuously.
 *
 * <p>A plain Java library. It imports no Flink, no Kafka and no Avro. One thread owns an {@link
 * io.millrace.engine.Engine}; other threads exchange messages with that thread.
 */
package io.millrace.engine;
