package io.millrace.jobs.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.millrace.jobs.cli.CommandFailure;
import io.millrace.jobs.cli.lines.InputLine;
import io.millrace.jobs.cli.lines.InputLines;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/** A trace of requests in Mooncake's format, read line by line: of each its {@code hash_ids}. */
final class BlockTrace implements Closeable {
  private static final int LINE_BYTES_MAX = 1 << 20;
  private static final ObjectReader JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build().reader();

  private final Path file;
  private final InputLines lines;

  private BlockTrace(Path file, InputLines lines) {
    this.file = file;
    this.lines = lines;
  }

  static BlockTrace open(Path file) throws IOException {
    return new BlockTrace(file, InputLines.of(file, LINE_BYTES_MAX));
  }

  /** The ids of the next request's blocks, in order; null at the end. Skips blank lines. */
  long[] next() throws IOException {
    InputLine line = lines.next();
    while (line != null && line.blank()) {
      line = lines.next();
    }
    return line == null ? null : ids(line);
  }

  private long[] ids(InputLine line) throws IOException {
    if (line.bytes() == null) {
      throw wrong(line, "it has more than " + LINE_BYTES_MAX + " bytes");
    }
    JsonNode ids;
    try {
      ids = JSON.readTree(line.bytes()).path("hash_ids");
    } catch (JsonProcessingException e) {
      throw wrong(line, "not JSON");
    }
    if (!ids.isArray()) {
      throw wrong(line, "it has no list hash_ids");
    }
    long[] blocks = new long[ids.size()];
    for (int i = 0; i < blocks.length; i++) {
      JsonNode id = ids.get(i);
      if (!id.isIntegralNumber() || !id.canConvertToLong()) {
        throw wrong(line, "hash_ids has an element that is no 64-bit whole number");
      }
      blocks[i] = id.longValue();
    }
    return blocks;
  }

  private CommandFailure wrong(InputLine line, String problem) {
    return CommandFailure.failed(file + ", line " + line.number() + ": " + problem);
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
