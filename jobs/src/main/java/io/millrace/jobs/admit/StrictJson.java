package io.millrace.jobs.admit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** JSON of senders that nobody vouches for: bounded, each name once, nothing after the end. */
final class StrictJson {
  /** Deepest nesting of arrays and objects. */
  static final int DEPTH_MAX = 64;

  private static final int NUMBER_LENGTH_MAX = 100;

  private StrictJson() {}

  /**
   * @param stringLengthMax longest string, characters
   */
  static JsonMapper.Builder builder(int stringLengthMax) {
    return JsonMapper.builder(
            JsonFactory.builder()
                .streamReadConstraints(
                    StreamReadConstraints.builder()
                        .maxNestingDepth(DEPTH_MAX)
                        .maxStringLength(stringLengthMax)
                        .maxNumberLength(NUMBER_LENGTH_MAX)
                        .build())
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                .build())
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  }
}
