package io.millrace.jobs.ledger;

import static org.apache.flink.configuration.ConfigOptions.key;

import java.time.Duration;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;

/** The ledger job's options. */
public final class LedgerOptions {

  public static final ConfigOption<String> DIRECTORY =
      key("millrace.ledger.dir")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Directory of the ledger's files: of one ledger job, on a disk or network file system"
                  + " that all TaskManagers share. Embedded, the data directory's ledger/.");

  public static final ConfigOption<Duration> INTERVAL =
      key("millrace.ledger.interval")
          .durationType()
          .defaultValue(Duration.ofMinutes(1))
          .withDescription(
              "Between the ledger job's checkpoints. Each writes a file for every day that it saw"
                  + " rows of, and rows are in the ledger so much later. 100 ms to 1 h.");

  public static final ConfigOption<Integer> FILE_ROWS_MAX =
      key("millrace.ledger.file-rows-max")
          .intType()
          .defaultValue(65_536)
          .withDescription(
              "Rows that a subtask of the ledger job holds for the next checkpoint. Above it, rows"
                  + " go into one more file. 1 to 1048576.");

  public static final ConfigOption<MemorySize> FILE_SIZE_MAX =
      key("millrace.ledger.file-size-max")
          .memoryType()
          .defaultValue(MemorySize.ofMebiBytes(64))
          .withDescription(
              "The same in bytes, as they are on the heap; about ten times what the file has.");

  private static final Duration INTERVAL_MIN = Duration.ofMillis(100);
  private static final Duration INTERVAL_MAX = Duration.ofHours(1);
  private static final int ROWS_MAX = 1 << 20;
  private static final MemorySize SIZE_MIN = MemorySize.ofMebiBytes(1);
  private static final MemorySize SIZE_MAX = MemorySize.ofMebiBytes(1024);

  private LedgerOptions() {}

  /**
   * @throws IllegalArgumentException naming the option that is out of range
   */
  public static void validate(Configuration configuration) {
    inRange(INTERVAL, configuration.get(INTERVAL), INTERVAL_MIN, INTERVAL_MAX);
    inRange(FILE_ROWS_MAX, configuration.get(FILE_ROWS_MAX), 1, ROWS_MAX);
    inRange(FILE_SIZE_MAX, configuration.get(FILE_SIZE_MAX), SIZE_MIN, SIZE_MAX);
  }

  private static <T extends Comparable<T>> void inRange(
      ConfigOption<T> option, T value, T min, T max) {
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      throw new IllegalArgumentException(
          option.key() + " is " + value + ", must be " + min + " to " + max);
    }
  }
}
