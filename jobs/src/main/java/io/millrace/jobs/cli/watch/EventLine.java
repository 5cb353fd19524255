package io.millrace.jobs.cli.watch;

import io.millrace.jobs.cli.events.AnswerEvent;
import io.millrace.jobs.cli.events.DeadLetterEvent;
import io.millrace.jobs.cli.events.EventDecoder;
import io.millrace.jobs.cli.events.UnreadableEventException;
import io.millrace.jobs.cli.progress.Format;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.Framing;
import io.millrace.schemas.PlainJson;
import io.millrace.schemas.Prompt;
import io.millrace.schemas.TokenEvent;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Prints the records of one topic, one line each. Not safe for use by several threads. */
public abstract class EventLine {
  private static final int TEXT_CHARS_MAX = 100;
  private static final int MESSAGE_CHARS_MAX = 500;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

  EventLine() {}

  /**
   * The form that suits a topic: its name's end tells what is in it.
   *
   * @param json whether to print the event's JSON rather than a line for people
   */
  public static EventLine of(String topic, boolean json) {
    String kind = topic.substring(topic.lastIndexOf('.') + 1);
    return switch (kind) {
      case "responses" -> new Answers(json);
      case "costs" -> new Records<>(CostEvent.class, json, EventLine::cost);
      case "anomalies" -> new Records<>(Anomaly.class, json, EventLine::anomaly);
      case "tokens" -> new Records<>(TokenEvent.class, json, EventLine::token);
      case "dead-letters" -> new DeadLetters(json);
      default -> new Records<>(Prompt.class, true, null);
    };
  }

  /** The record as a line. One that is no such event is shown as what it is, with the reason. */
  public final String print(ConsumerRecord<byte[], byte[]> record) {
    try {
      return line(record);
    } catch (UnreadableEventException | RuntimeException e) {
      return record.topic()
          + "-"
          + record.partition()
          + "-"
          + record.offset()
          + "  not understood: "
          + e.getMessage();
    }
  }

  abstract String line(ConsumerRecord<byte[], byte[]> record) throws UnreadableEventException;

  private static final class Answers extends EventLine {
    private final AnswerEvent.Decoder decoder = new AnswerEvent.Decoder();
    private final boolean json;

    Answers(boolean json) {
      this.json = json;
    }

    @Override
    String line(ConsumerRecord<byte[], byte[]> record) throws UnreadableEventException {
      AnswerEvent answer = decoder.decode(record);
      if (json) {
        return new String(answer.body(), StandardCharsets.UTF_8);
      }
      return String.join(
          "  ",
          time(Instant.ofEpochMilli(record.timestamp())),
          answer.requestId(),
          answer.tenant(),
          answer.model(),
          answer.cached(),
          answer.completionTokens() + " tokens",
          answer.totalMs() + " ms",
          answer.costUsd() == null ? "unpriced" : Format.usd(answer.costUsd()),
          shortened(answer.error() == null ? answer.text() : "ERROR " + answer.error()));
    }
  }

  private static final class DeadLetters extends EventLine {
    private final boolean json;

    DeadLetters(boolean json) {
      this.json = json;
    }

    @Override
    String line(ConsumerRecord<byte[], byte[]> record) throws UnreadableEventException {
      DeadLetterEvent letter = DeadLetterEvent.of(record);
      return json
          ? letter.toJson()
          : String.join(
              "  ",
              time(Instant.ofEpochMilli(record.timestamp())),
              letter.requestId(),
              letter.stage(),
              letter.kind(),
              letter.code() + ": " + letter.message());
    }
  }

  private interface Form<T> {
    String print(T event);
  }

  private static final class Records<T extends SpecificRecord> extends EventLine {
    private final EventDecoder<T> decoder;
    private final boolean json;
    private final Form<T> form;

    Records(Class<T> type, boolean json, Form<T> form) {
      this.decoder = new EventDecoder<>(type);
      this.json = json;
      this.form = form;
    }

    @Override
    String line(ConsumerRecord<byte[], byte[]> record) throws UnreadableEventException {
      if (json && Framing.of(record.value()) == Framing.JSON) {
        return shortened(new String(record.value(), StandardCharsets.UTF_8), Integer.MAX_VALUE);
      }
      T event = decoder.decode(record.value());
      return json ? new String(PlainJson.write(event), StandardCharsets.UTF_8) : form.print(event);
    }
  }

  private static String cost(CostEvent cost) {
    if (cost.getKind() == CostKind.heartbeat) {
      return time(cost.getEventTime()) + "  heartbeat";
    }
    if (cost.getKind() != CostKind.request) {
      return String.join(
          "  ",
          time(cost.getEventTime()),
          cost.getKind().toString(),
          String.valueOf(cost.getModel()),
          Format.seconds(cost.getDeviceNanos()),
          cost.getTotalUsd() == null ? "unpriced" : Format.usd(cost.getTotalUsd()));
    }
    BigDecimal saved =
        Stream.of(
                cost.getSavedDedupUsd(),
                cost.getSavedPrefixUsd(),
                cost.getSavedSpeculationUsd(),
                cost.getSavedBatchUsd())
            .filter(Objects::nonNull)
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    return String.join(
        "  ",
        time(cost.getEventTime()),
        String.valueOf(cost.getRequestId()),
        String.valueOf(cost.getTenant()),
        String.valueOf(cost.getModel()),
        String.valueOf(cost.getStatus()),
        cost.getFreshTokens() + "+" + cost.getCachedTokens() + " in",
        cost.getOutputTokens() + " out",
        (cost.getTotalUsd() == null ? "unpriced" : Format.usd(cost.getTotalUsd()))
            + (saved.signum() == 0 ? "" : "  saved " + Format.usd(saved)));
  }

  private static String anomaly(Anomaly anomaly) {
    return String.join(
        "  ",
        time(anomaly.getWindowEnd()),
        anomaly.getState().toString(),
        anomaly.getSeverity().toString(),
        shortened(anomaly.getMessage(), MESSAGE_CHARS_MAX));
  }

  private static String token(TokenEvent token) {
    return String.join(
        "  ",
        time(token.getTime()),
        token.getRequestId(),
        "#" + token.getIndex(),
        shortened(token.getText())
            + (token.getFinishReason() == null ? "" : "  " + token.getFinishReason()));
  }

  private static String time(Instant at) {
    return TIME.format(at);
  }

  private static String shortened(String text) {
    return shortened(text, TEXT_CHARS_MAX);
  }

  /** On one line, control characters as blanks. */
  private static String shortened(String text, int charsMax) {
    String line = text.length() > charsMax ? text.substring(0, charsMax) + "..." : text;
    return line.replaceAll("\\p{Cntrl}", " ");
  }
}
