package io.millrace.jobs.ledger;

import io.millrace.jobs.ledger.LedgerFiles.Format;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.compression.CommonsCompressionFactory;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.duckdb.DuckDBConnection;

/**
 * A ledger's rows in a database in memory (DuckDB), as they were when it was opened.
 *
 * <pre>
 * try (LedgerReader ledger = LedgerReader.open(directory);
 *     Statement sql = ledger.connection().createStatement();
 *     ResultSet rows = sql.executeQuery("SELECT tenant, sum(total_usd) FROM ledger GROUP BY 1")) {
 * </pre>
 *
 * <p>{@code ledger} has {@link LedgerColumns}; {@code focus} is the same in the names of FOCUS, the
 * FinOps Open Cost and Usage Specification. Days that were compacted stay on disk and are read by
 * each query; Arrow parts are copied into memory. A connection is for one thread at a time.
 */
public final class LedgerReader implements AutoCloseable {
  /** What one Arrow file may take outside the heap while it is read. */
  private static final long MEMORY_BYTES_MAX = 2L << 30;

  private static final int TRIES_MAX = 10;

  private final Connection connection;
  private final List<LedgerFiles.File> files;

  private LedgerReader(Connection connection, List<LedgerFiles.File> files) {
    this.connection = connection;
    this.files = files;
  }

  /**
   * Opens all days.
   *
   * @throws LedgerException if there is no ledger, or a file of it cannot be read
   */
  public static LedgerReader open(Path ledger) throws LedgerException {
    return open(ledger, null, null);
  }

  /**
   * Opens some days.
   *
   * @param from first day, or null for the oldest
   * @param to last day, or null for the newest
   */
  public static LedgerReader open(Path ledger, LocalDate from, LocalDate to)
      throws LedgerException {
    for (int attempt = 1; ; attempt++) {
      List<LedgerFiles.File> files = LedgerFiles.in(ledger, from, to);
      try {
        return load(files);
      } catch (Replaced e) {
        if (attempt == TRIES_MAX) {
          throw new LedgerException(ledger + " is compacted again and again; try later", e);
        }
      }
    }
  }

  /** With the views {@code ledger} and {@code focus}; times are in UTC. */
  public Connection connection() {
    return connection;
  }

  /** The files that were there when it was opened. */
  public List<LedgerFiles.File> files() {
    return files;
  }

  @Override
  public void close() throws LedgerException {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new LedgerException("cannot close the ledger: " + e.getMessage(), e);
    }
  }

  /** A file that was listed is gone. */
  private static final class Replaced extends Exception {
    private static final long serialVersionUID = 1L;

    Replaced(Path file) {
      super(file.toString());
    }
  }

  private static LedgerReader load(List<LedgerFiles.File> files) throws LedgerException, Replaced {
    Connection connection = null;
    try {
      connection = DriverManager.getConnection("jdbc:duckdb:");
      LedgerReader reader = new LedgerReader(connection, files);
      reader.settings();
      reader.execute("CREATE TABLE arrow_rows (" + LedgerSql.declarations() + ")");
      try (BufferAllocator memory = new RootAllocator(MEMORY_BYTES_MAX)) {
        for (LedgerFiles.File file : files) {
          if (file.format() == Format.ARROW) {
            reader.copy(file.path(), memory);
          }
        }
      }
      reader.execute(LedgerSql.ledgerView(reader.parquetFiles()));
      reader.execute(LedgerSql.focusView());
      return reader;
    } catch (SQLException e) {
      close(connection);
      throw new LedgerException("cannot read the ledger: " + LedgerSql.reason(e), e);
    } catch (LedgerException | Replaced | RuntimeException e) {
      close(connection);
      throw e;
    }
  }

  private void settings() throws SQLException {
    execute("SET TimeZone = 'UTC'");
    // What does not fit into memory goes there and not into the working directory. DuckDB makes the
    // folder when it needs it, and deletes it: two readers in one would delete each other's files.
    Path spilled = Path.of(System.getProperty("java.io.tmpdir"), "millrace-" + UUID.randomUUID());
    execute("SET temp_directory = " + LedgerSql.text(spilled.toString()));
    execute("SET memory_limit = '2GB'");
    execute("SET autoinstall_known_extensions = false");
  }

  private List<Path> parquetFiles() throws Replaced {
    List<Path> parquet =
        files.stream()
            .filter(file -> file.format() == Format.PARQUET)
            .map(LedgerFiles.File::path)
            .toList();
    for (Path file : parquet) {
      if (!Files.exists(file)) {
        throw new Replaced(file);
      }
    }
    return parquet;
  }

  private void copy(Path file, BufferAllocator memory) throws LedgerException, Replaced {
    try (FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader =
            new ArrowFileReader(channel, memory, CommonsCompressionFactory.INSTANCE);
        ArrowArrayStream stream = ArrowArrayStream.allocateNew(memory)) {
      Set<String> present =
          reader.getVectorSchemaRoot().getSchema().getFields().stream()
              .map(Field::getName)
              .collect(Collectors.toSet());
      Data.exportArrayStream(memory, reader, stream);
      connection.unwrap(DuckDBConnection.class).registerArrowStream("arrow_file", stream);
      execute(LedgerSql.copy("arrow_file", present));
    } catch (NoSuchFileException e) {
      throw new Replaced(file);
    } catch (IOException | SQLException | RuntimeException e) {
      throw new LedgerException(file + " cannot be read: " + LedgerSql.reason(e), e);
    }
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static void close(Connection connection) {
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException e) {
        // What went wrong before is what matters.
      }
    }
  }
}
