package io.millrace.jobs.cli.batch;

import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.Models;
import io.millrace.jobs.cli.JobWatch;
import io.millrace.jobs.cli.events.AnswerEvent;
import io.millrace.jobs.cli.events.CommittedReader;
import io.millrace.jobs.cli.events.DeadLetterEvent;
import io.millrace.jobs.cli.events.Tally;
import io.millrace.jobs.cli.events.UnreadableEventException;
import io.millrace.jobs.cli.lines.BatchLines;
import io.millrace.jobs.cli.progress.Progress;
import io.millrace.jobs.cli.progress.ProgressPrinter;
import io.millrace.jobs.embedded.Pipeline;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.flink.configuration.Configuration;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Takes a batch from where it is to its end: lines into the topic, answers and dead letters out of
 * theirs, and when every line is settled, the two files.
 */
public final class BatchRun implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final String SPOOL = "answers.spool";

  private final BatchFiles files;
  private final Pipeline pipeline;
  private final ProgressPrinter progress;
  private final JobWatch watch;
  private final int lineBytesMax;
  private final TopicPartition prompts;
  private final String requestIdPrefix;
  private final long startedMs = System.currentTimeMillis();
  private final long startedNanos = System.nanoTime();

  private final AnswerEvent.Decoder answers = new AnswerEvent.Decoder();
  private final Tally all = new Tally();
  private final Tally thisRun = new Tally();

  /**
   * What a batch came to.
   *
   * @param all over all runs
   * @param thisRun in this run alone
   * @param seconds of this run
   */
  public record Summary(Tally all, Tally thisRun, double seconds) {}

  private BatchRun(
      BatchFiles files, Configuration options, Pipeline pipeline, ProgressPrinter progress) {
    this.files = files;
    this.pipeline = pipeline;
    this.progress = progress;
    this.watch = new JobWatch(pipeline.job(), progress::message);
    this.lineBytesMax = lineBytesMax(options);
    this.prompts = new TopicPartition(pipeline.topics().prompts(), 0);
    this.requestIdPrefix = prompts.topic() + "-" + prompts.partition() + "-";
  }

  /** Starts the pipeline over the batch's folder. */
  public static BatchRun start(
      BatchFiles files, Configuration options, Models models, ProgressPrinter progress) {
    Pipeline pipeline =
        Pipeline.start(
            new Pipeline.Settings(
                files.folder(),
                0,
                0,
                0,
                options,
                1,
                Map.of("retention.ms", "-1", "retention.bytes", "-1")),
            models);
    return new BatchRun(files, options, pipeline, progress);
  }

  /** The longest line that is taken. */
  static int lineBytesMax(Configuration options) {
    return Math.toIntExact(options.get(MillraceOptions.PROMPT_SIZE_MAX).getBytes());
  }

  public Pipeline pipeline() {
    return pipeline;
  }

  /**
   * Waits until every line is settled, and writes what {@link DurableFile#publish} then names.
   *
   * @param lines how many the file has, for the progress
   */
  public Summary run(long lines) throws IOException {
    try (AnswerSpool spool = new AnswerSpool(files.folder().resolve(SPOOL));
        CommittedReader reader =
            new CommittedReader(
                pipeline.bootstrapServers(),
                List.of(pipeline.topics().responses(), pipeline.topics().deadLetters()),
                CommittedReader.From.BEGINNING);
        PromptFeeder feeder =
            new PromptFeeder(
                pipeline.bootstrapServers(),
                prompts,
                new BatchPlan(files.input(), lineBytesMax),
                lineBytesMax,
                CommittedReader.end(pipeline.bootstrapServers(), prompts))) {
      feeder.start();
      settle(spool, reader, feeder, lines);
      write(spool);
    }
    return new Summary(all, thisRun, seconds());
  }

  private void settle(AnswerSpool spool, CommittedReader reader, PromptFeeder feeder, long lines)
      throws IOException {
    long refusedCounted = 0;
    for (long produced = -1; produced < 0 || spool.count() < produced; ) {
      for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
        try {
          take(record, spool);
        } catch (UnreadableEventException e) {
          throw new IOException(
              "cannot read offset " + record.offset() + " of " + record.topic(), e);
        }
      }
      produced = feeder.produced();
      long refused = feeder.refused();
      all.addErrors(refused - refusedCounted);
      refusedCounted = refused;
      progress.update(() -> line(lines));
      watch.check();
    }
    progress.finish(line(lines));
  }

  private String line(long lines) {
    return Progress.of(all, thisRun, OptionalLong.of(lines), seconds()).line();
  }

  private void take(ConsumerRecord<byte[], byte[]> record, AnswerSpool spool) throws IOException {
    boolean now = record.timestamp() >= startedMs;
    if (record.topic().equals(pipeline.topics().responses())) {
      AnswerEvent answer = answers.decode(record);
      if (spool.put(sequence(answer.requestId()), LineResult.of(answer).encode())) {
        all.add(answer);
        if (now) {
          thisRun.add(answer);
        }
      }
    } else {
      DeadLetterEvent letter = DeadLetterEvent.of(record);
      if (spool.put(sequence(letter.requestId()), LineResult.of(letter).encode())) {
        all.addErrors(1);
        if (now) {
          thisRun.addErrors(1);
        }
      }
    }
  }

  private long sequence(String requestId) throws IOException {
    if (!requestId.startsWith(requestIdPrefix)) {
      throw new IOException("an answer to " + requestId + " is not of this batch");
    }
    return Long.parseLong(requestId.substring(requestIdPrefix.length()));
  }

  private void write(AnswerSpool spool) throws IOException {
    long errors = 0;
    try (OutputStream out = DurableFile.create(files.output());
        OutputStream err = DurableFile.create(files.errors());
        BatchPlan plan = new BatchPlan(files.input(), lineBytesMax)) {
      for (PlannedLine line = plan.next(); line != null; line = plan.next()) {
        LineResult result = line.refused() ? LineResult.of(line.refusal()) : result(line, spool);
        long number = line.line().number();
        String requestId = line.refused() ? "line-" + number : requestIdPrefix + line.sequence();
        if (result.body() != null) {
          out.write(BatchLines.answer(line.customId(), requestId, result.body()));
        } else {
          err.write(BatchLines.error(line.customId(), requestId, number, result.error()));
          errors++;
        }
      }
    }
    if (errors == 0) {
      DurableFile.discard(files.errors());
      Files.deleteIfExists(files.errors()); // of an earlier batch
    }
  }

  private static LineResult result(PlannedLine line, AnswerSpool spool) throws IOException {
    byte[] entry = spool.get(line.sequence());
    if (entry == null) {
      throw new IOException(
          "line " + line.line().number() + " has no answer; did the input change meanwhile?");
    }
    return LineResult.decode(entry);
  }

  private double seconds() {
    return (System.nanoTime() - startedNanos) / 1e9;
  }

  @Override
  public void close() {
    pipeline.close();
  }
}
