package io.millrace.jobs.cli.torture;

import io.millrace.jobs.cli.events.AnswerEvent;
import io.millrace.jobs.cli.events.DeadLetterEvent;
import io.millrace.jobs.cli.events.EventDecoder;
import io.millrace.jobs.cli.events.UnreadableEventException;
import io.millrace.jobs.kafka.Topics;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.TokenEvent;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** What a run of the job left on its topics, committed records only. Safe for any thread. */
final class Evidence {
  /** What a token costs here, USD; any price would do, so that it is one with a cent's fraction. */
  private static final BigDecimal PROMPT_TOKEN_USD = new BigDecimal("0.00000015");

  private static final BigDecimal OUTPUT_TOKEN_USD = new BigDecimal("0.00000060");

  private final Topics topics;
  private final AnswerEvent.Decoder answerDecoder = new AnswerEvent.Decoder();
  private final EventDecoder<TokenEvent> tokenDecoder = new EventDecoder<>(TokenEvent.class);
  private final EventDecoder<CostEvent> costDecoder = new EventDecoder<>(CostEvent.class);

  private final Set<String> settled = new HashSet<>();
  private final Map<String, String> textByCustomId = new HashMap<>();
  private final Map<String, Long> tokensByRequest = new HashMap<>();
  private final Map<String, TokenTrail> trails = new HashMap<>();
  private long answers;
  private long deadLetters;
  private long duplicates;
  private long promptTokens;
  private long outputTokens;
  private long newestTokenMillis;

  Evidence(Topics topics) {
    this.topics = topics;
  }

  /** Takes in a record of one of the job's outputs. */
  synchronized void read(ConsumerRecord<byte[], byte[]> record) throws UnreadableEventException {
    if (record.topic().equals(topics.tokens())) {
      TokenEvent event = tokenDecoder.decode(record.value());
      trails.computeIfAbsent(event.getRequestId(), id -> new TokenTrail()).add(event);
      newestTokenMillis = Math.max(newestTokenMillis, event.getTime().toEpochMilli());
    } else if (record.topic().equals(topics.costs())) {
      CostEvent row = costDecoder.decode(record.value());
      // Idle time and recovery have no tokens: they differ from run to run, and are not compared.
      promptTokens += row.getFreshTokens() + row.getCachedTokens();
      outputTokens += row.getOutputTokens();
    } else if (record.topic().equals(topics.responses())) {
      AnswerEvent answer = answerDecoder.decode(record);
      settle(answer.requestId());
      answers++;
      textByCustomId.put(answer.customId(), answer.text());
      tokensByRequest.put(answer.requestId(), answer.completionTokens());
    } else {
      settle(DeadLetterEvent.of(record).requestId());
      deadLetters++;
    }
  }

  private void settle(String requestId) {
    if (!settled.add(requestId)) {
      duplicates++;
    }
  }

  /** Prompts with an answer or a dead letter. */
  synchronized int settled() {
    return settled.size();
  }

  /** Prompts without either. */
  synchronized long lost(Set<String> requestIds) {
    return requestIds.stream().filter(id -> !settled.contains(id)).count();
  }

  synchronized long answers() {
    return answers;
  }

  synchronized long deadLetters() {
    return deadLetters;
  }

  /** Answers and dead letters beyond a prompt's first. */
  synchronized long duplicates() {
    return duplicates;
  }

  synchronized long tokensTwice() {
    return trails.values().stream().mapToLong(TokenTrail::twice).sum();
  }

  /** Tokens of answers without an event. */
  synchronized long tokensMissing() {
    long missing = 0;
    for (Map.Entry<String, Long> answer : tokensByRequest.entrySet()) {
      TokenTrail trail = trails.getOrDefault(answer.getKey(), new TokenTrail());
      missing += trail.missing(Math.toIntExact(answer.getValue()));
    }
    return missing;
  }

  /** Tokens on all answers. */
  synchronized long answerTokens() {
    return tokensByRequest.values().stream().mapToLong(Long::longValue).sum();
  }

  /** When the newest committed token was generated, epoch milliseconds. */
  synchronized long newestTokenMillis() {
    return newestTokenMillis;
  }

  /** Committed tokens that an answer had at this time, if it went on from them; else 0. */
  synchronized int doneWhenItWentOn(String requestId, long atMillis) {
    TokenTrail trail = trails.get(requestId);
    return trail == null ? 0 : trail.doneWhenItWentOn(atMillis);
  }

  /** What all rows of the ledger come to, cached prompt tokens at full price, USD. */
  synchronized BigDecimal ledgerUsd() {
    return PROMPT_TOKEN_USD
        .multiply(BigDecimal.valueOf(promptTokens))
        .add(OUTPUT_TOKEN_USD.multiply(BigDecimal.valueOf(outputTokens)));
  }

  /** Prompts that both runs answered, but with different texts. */
  long textDifferences(Evidence other) {
    Map<String, String> theirs = other.texts();
    return texts().entrySet().stream()
        .filter(
            mine ->
                theirs.containsKey(mine.getKey())
                    && !mine.getValue().equals(theirs.get(mine.getKey())))
        .count();
  }

  private synchronized Map<String, String> texts() {
    return new HashMap<>(textByCustomId);
  }
}
