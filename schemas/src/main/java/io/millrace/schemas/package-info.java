/**
 * The records that travel over Kafka, and their framing.
 *
 * <p>Records are Avro ({@link io.millrace.schemas.Prompt}, {@link io.millrace.schemas.Response},
 * {@link io.millrace.schemas.TokenEvent}, {@link io.millrace.schemas.CostEvent}, {@link
 * io.millrace.schemas.Anomaly}; generated from {@code src/main/avro}) or plain JSON with the same
 * names ({@link io.millrace.schemas.PlainJson}).
 *
 * <h2>Framing</h2>
 *
 * <p>Avro's binary form names neither its fields nor its schema: a reader must know the schema that
 * the writer used. So every Avro record starts with a few bytes that say which one it was, and
 * {@link io.millrace.schemas.Framing} tells the kinds apart by the first of them:
 *
 * <pre>
 *   C3 01  fingerprint (8 bytes, little-endian)   body    Avro single-object, no registry needed
 *   00     schema id   (4 bytes, big-endian)      body    Confluent's wire format, with a registry
 *   {      ...                                            JSON
 * </pre>
 *
 * <p>The fingerprint is CRC-64-AVRO of the schema's parsing canonical form, which leaves out docs,
 * defaults and logical types. It is a checksum and no proof: whoever may write to a topic may claim
 * any schema. Schemas are found by a {@link io.millrace.schemas.SchemaSource}: the released ones
 * come with this library, others from a registry.
 *
 * <h2>Evolution</h2>
 *
 * <p>A reader resolves the writer's schema to its own: fields it does not know are skipped, fields
 * that are missing take their defaults, unknown enum symbols become {@code unknown}. {@link
 * io.millrace.schemas.SchemaResolution} refuses pairs that Avro would accept but read wrongly, such
 * as decimals of different scales. Every released version lies in {@code schemas/released}; a test
 * holds the current schemas to all of them.
 *
 * <h2>Hostile bytes</h2>
 *
 * <p>Decode records with {@link io.millrace.schemas.AvroCodec}, not with the generated {@code
 * fromByteBuffer} or {@code getDecoder}: those believe the lengths that a record claims. {@link
 * io.millrace.schemas.BoundedDecoder} holds each length against the bytes that are there, so memory
 * stays in proportion to the record. Whatever is wrong with a record ends in one {@link
 * io.millrace.schemas.FramingException}, whose message has one line and none of the content.
 */
package io.millrace.schemas;
