package io.millrace.engine.model;

import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufMetadata;

/**
 * One architecture's metadata, each value checked as it is read.
 *
 * @param prefix what every key starts with: the architecture's name and a dot
 */
record MetadataKeys(GgufMetadata metadata, String prefix) {

  boolean has(String key) {
    return metadata.contains(prefix + key);
  }

  /** An integer from 1 to {@code max}. */
  int integer(String key, int max) throws GgufFormatException {
    return metadata.requireInt(prefix + key, 1, max);
  }

  int integer(String key, int max, int otherwise) throws GgufFormatException {
    return has(key) ? integer(key, max) : otherwise;
  }

  /** An integer from 0 to {@code max}. */
  int count(String key, int max, int otherwise) throws GgufFormatException {
    return has(key) ? metadata.requireInt(prefix + key, 0, max) : otherwise;
  }

  /** A number greater than {@code above}, {@code max} at most. */
  double number(String key, double above, double max, double otherwise) throws GgufFormatException {
    double value = metadata.number(prefix + key).orElse(otherwise);
    require(
        value > above && value <= max,
        key + " is " + value + ", must be above " + above + " and at most " + max);
    return value;
  }

  /** A number from 0 to {@code max}. */
  double amount(String key, double max, double otherwise) throws GgufFormatException {
    double value = metadata.number(prefix + key).orElse(otherwise);
    require(value >= 0 && value <= max, key + " is " + value + ", must be 0 to " + max);
    return value;
  }

  String string(String key, String otherwise) throws GgufFormatException {
    return metadata.string(prefix + key).orElse(otherwise);
  }

  void require(boolean ok, String problem) throws GgufFormatException {
    if (!ok) {
      throw error(problem);
    }
  }

  GgufFormatException error(String problem) {
    return new GgufFormatException(metadata.source() + ": " + problem);
  }

  /** An error about a word that is none of those known. */
  GgufFormatException unknown(String key, String value, String known) {
    return error(
        "%s %s is not supported; known: %s"
            .formatted(key, GgufFormatException.quote(value), known));
  }
}
