package io.millrace.jobs.ledger;

import io.millrace.jobs.ledger.LedgerColumns.Column;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.compression.CompressionUtil;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Writes rows as one Arrow IPC file: batches compressed with ZSTD, the columns' documentation under
 * the key {@code doc} of each field. Memory outside the heap is held during {@link #write} only, so
 * a writer that is thrown away leaks none.
 */
final class ArrowPart {
  /** Rows of a batch: what is in memory as vectors at a time. */
  private static final int BATCH_ROWS = 8_192;

  /** What a file's dictionaries and one batch may take outside the heap. */
  private static final long MEMORY_BYTES_MAX = 1L << 30;

  private static final ArrowType.Int DICTIONARY_INDEX = new ArrowType.Int(32, true);

  private final List<LedgerRow> rows;
  private final Map<Column, Map<String, Integer>> dictionaries = new LinkedHashMap<>();

  private ArrowPart(List<LedgerRow> rows) {
    this.rows = rows;
  }

  /**
   * Writes a new file and waits until the disk has it.
   *
   * @param rows at least one
   */
  static void write(Path file, List<LedgerRow> rows) throws IOException {
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        BufferAllocator memory = new RootAllocator(MEMORY_BYTES_MAX)) {
      new ArrowPart(rows).write(channel, memory);
    }
  }

  private void write(FileChannel channel, BufferAllocator memory) throws IOException {
    DictionaryProvider.MapDictionaryProvider provider =
        new DictionaryProvider.MapDictionaryProvider();
    List<FieldVector> dictionaryVectors = new ArrayList<>();
    try {
      List<Field> fields = new ArrayList<>();
      for (Column column : LedgerColumns.all()) {
        DictionaryEncoding encoding = null;
        if (column.dictionary()) {
          encoding = new DictionaryEncoding(fields.size(), false, DICTIONARY_INDEX);
          FieldVector vector = dictionary(column, memory);
          dictionaryVectors.add(vector);
          provider.put(new Dictionary(vector, encoding));
        }
        ArrowType stored = column.dictionary() ? DICTIONARY_INDEX : column.type();
        fields.add(
            new Field(
                column.name(),
                new FieldType(column.nullable(), stored, encoding, Map.of("doc", column.doc())),
                null));
      }
      batches(new Schema(fields), provider, channel, memory);
    } finally {
      dictionaryVectors.forEach(FieldVector::close);
    }
  }

  private void batches(
      Schema schema, DictionaryProvider provider, FileChannel channel, BufferAllocator memory)
      throws IOException {
    try (VectorSchemaRoot root = VectorSchemaRoot.create(schema, memory);
        // It closes the channel too: what the disk is to have is forced before.
        ArrowFileWriter writer =
            new ArrowFileWriter(
                root,
                provider,
                channel,
                Map.of(),
                IpcOption.DEFAULT,
                AlwaysZstd.FACTORY,
                CompressionUtil.CodecType.ZSTD,
                Optional.empty())) {
      writer.start();
      for (int from = 0; from < rows.size(); from += BATCH_ROWS) {
        fill(root, rows.subList(from, Math.min(rows.size(), from + BATCH_ROWS)));
        writer.writeBatch();
      }
      writer.end();
      channel.force(true);
    }
  }

  /** The different values of a column, in the order in which they come. */
  private FieldVector dictionary(Column column, BufferAllocator memory) {
    Map<String, Integer> indices = new LinkedHashMap<>();
    for (LedgerRow row : rows) {
      Object value = column.value().apply(row);
      if (value != null) {
        indices.putIfAbsent((String) value, indices.size());
      }
    }
    dictionaries.put(column, indices);
    VarCharVector vector = new VarCharVector(column.name(), memory);
    vector.allocateNew();
    indices.forEach((value, index) -> vector.setSafe(index, utf8(value)));
    vector.setValueCount(indices.size());
    return vector;
  }

  private void fill(VectorSchemaRoot root, List<LedgerRow> batch) {
    root.allocateNew();
    List<Column> columns = LedgerColumns.all();
    for (int c = 0; c < columns.size(); c++) {
      Column column = columns.get(c);
      FieldVector vector = root.getVector(c);
      Map<String, Integer> indices = dictionaries.get(column);
      for (int r = 0; r < batch.size(); r++) {
        Object value = column.value().apply(batch.get(r));
        if (value == null) {
          vector.setNull(r);
        } else {
          set(vector, r, indices == null ? value : indices.get((String) value));
        }
      }
    }
    root.setRowCount(batch.size());
  }

  private static void set(FieldVector vector, int row, Object value) {
    if (vector instanceof BigIntVector longs) {
      longs.setSafe(row, (Long) value);
    } else if (vector instanceof IntVector ints) {
      ints.setSafe(row, (Integer) value);
    } else if (vector instanceof DecimalVector decimals) {
      // Never rounds: a value with more places than the column has is an error.
      decimals.setSafe(row, ((BigDecimal) value).setScale(decimals.getScale()));
    } else if (vector instanceof TimeStampMicroTZVector times) {
      times.setSafe(row, (Long) value);
    } else if (vector instanceof DateDayVector days) {
      days.setSafe(row, (Integer) value);
    } else if (vector instanceof BitVector bits) {
      bits.setSafe(row, (Boolean) value ? 1 : 0);
    } else if (vector instanceof VarCharVector texts) {
      texts.setSafe(row, utf8((String) value));
    } else {
      throw new IllegalStateException("no way to write " + vector.getField());
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
