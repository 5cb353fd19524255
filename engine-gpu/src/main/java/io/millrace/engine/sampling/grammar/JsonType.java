package io.millrace.engine.sampling.grammar;

/** The types of JSON schema. */
enum JsonType {
  NULL,
  BOOLEAN,
  INTEGER,
  NUMBER,
  STRING,
  ARRAY,
  OBJECT
}
