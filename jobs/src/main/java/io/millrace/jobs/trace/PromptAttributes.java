package io.millrace.jobs.trace;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.Sampling;
import io.millrace.jobs.trace.SettledPrompt.Phases;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.RequestStatus;
import io.millrace.schemas.Response;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * Fills spans in. Tokens and amounts are those of the final cost row, so that sums over traces are
 * sums over the ledger: an answer that was shared has neither, only what it saved.
 */
final class PromptAttributes {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN).build();
  private static final Set<String> PROVIDERS = Set.of("openai", "anthropic");

  private final PromptTexts texts;

  /**
   * @param texts null leaves them out
   */
  PromptAttributes(PromptTexts texts) {
    this.texts = texts;
  }

  void settled(Span span, SettledPrompt settled) {
    AdmittedPrompt prompt = settled.prompt();
    CostEvent row = settled.row();
    String provider = PROVIDERS.contains(row.getBackend()) ? row.getBackend() : Names.SERVICE;
    span.setAttribute(Names.OPERATION, Names.CHAT)
        .setAttribute(Names.PROVIDER, provider)
        .setAttribute(Names.SYSTEM, provider)
        .setAttribute(Names.REQUEST_MODEL, prompt.getModel())
        .setAttribute(Names.BACKEND, row.getBackend())
        .setAttribute(Names.CUSTOM_ID, prompt.getCustomId())
        .setAttribute(Names.STATUS, String.valueOf(row.getStatus()))
        .setAttribute(Names.CACHED, String.valueOf(row.getCached()))
        .setAttribute(Names.LANGSMITH_CACHED, String.valueOf(row.getCached()))
        .setAttribute(Names.LANGSMITH_KIND, Names.LANGSMITH_LLM)
        .setAttribute(Names.LANGFUSE_TYPE, Names.LANGFUSE_GENERATION)
        .setAttribute(Names.LANGFUSE_MODEL, row.getModel())
        .setAttribute(Names.ATTEMPT, (long) Math.max(row.getAttempt(), prompt.getAttempt()));
    source(span, prompt.getTopic(), prompt.getPartition(), prompt.getOffset());
    tenant(span, prompt.getTenant());
    if (prompt.getChat() == null) {
      sampling(span, prompt);
    }
    response(span, settled);
    usage(span, row);
    cost(span, row);
    phases(span, settled);
    if (texts != null) {
      texts.add(span, prompt, settled.response());
    }
    if (row.getStatus() == RequestStatus.expired) {
      failed(span, "expired");
    } else if (settled.errorType() != null) {
      failed(span, settled.errorType());
    }
  }

  /** Of a prompt that came to no model: which one it wanted is not always known. */
  void refused(Span span, DeadLetter letter) {
    span.setAttribute(Names.OPERATION, Names.CHAT)
        .setAttribute(Names.PROVIDER, Names.SERVICE)
        .setAttribute(Names.SYSTEM, Names.SERVICE)
        .setAttribute(Names.STATUS, String.valueOf(RequestStatus.dead_lettered))
        .setAttribute(Names.STAGE, letter.stage())
        .setAttribute(Names.RETRYABLE, letter.retryable())
        .setAttribute(Names.LANGSMITH_KIND, Names.LANGSMITH_LLM)
        .setAttribute(Names.LANGFUSE_TYPE, Names.LANGFUSE_GENERATION);
    source(span, letter.topic(), letter.partition(), letter.offset());
    tenant(span, letter.tenant());
    failed(span, letter.code());
  }

  private static void source(Span span, String topic, int partition, long offset) {
    span.setAttribute(Names.REQUEST_ID, topic + "-" + partition + "-" + offset)
        .setAttribute(Names.MESSAGING, Names.KAFKA)
        .setAttribute(Names.TOPIC, topic)
        .setAttribute(Names.PARTITION, Integer.toString(partition))
        .setAttribute(Names.OFFSET, offset);
  }

  private static void tenant(Span span, String tenant) {
    span.setAttribute(Names.TENANT, tenant)
        .setAttribute(Names.USER, tenant)
        .setAttribute(Names.LANGSMITH_TENANT, tenant);
  }

  /** No message goes with it: it might quote the prompt. */
  private static void failed(Span span, String type) {
    span.setStatus(StatusCode.ERROR)
        .setAttribute(Names.ERROR_TYPE, type)
        .setAttribute(Names.LANGFUSE_LEVEL, Names.LANGFUSE_ERROR);
  }

  private static void sampling(Span span, AdmittedPrompt prompt) {
    Sampling sampling = prompt.getSampling();
    span.setAttribute(Names.MAX_TOKENS, (long) sampling.getMaxTokens())
        .setAttribute(Names.TEMPERATURE, exact(sampling.getTemperature()));
    if (sampling.getTemperature() > 0) {
      span.setAttribute(Names.TOP_P, exact(sampling.getTopP()))
          .setAttribute(Names.SEED, sampling.getSeed());
      if (sampling.getTopK() > 0) {
        span.setAttribute(Names.TOP_K, (long) sampling.getTopK());
      }
    }
    if (sampling.getN() != 1) {
      span.setAttribute(Names.CHOICES, (long) sampling.getN());
    }
    String format = prompt.getResponseFormat();
    span.setAttribute(
        Names.OUTPUT_TYPE, format != null && format.contains("\"json_") ? "json" : "text");
  }

  /** 0.7 and not 0.699999988079071. */
  private static double exact(float value) {
    return Double.parseDouble(Float.toString(value));
  }

  private static void response(Span span, SettledPrompt settled) {
    CostEvent row = settled.row();
    Response response = settled.response();
    List<String> reasons =
        response == null || response.getChoices().isEmpty()
            ? List.of(String.valueOf(row.getFinishReason()))
            : response.getChoices().stream().map(c -> String.valueOf(c.getFinishReason())).toList();
    span.setAttribute(Names.FINISH_REASONS, reasons);
    if (response != null) {
      span.setAttribute(Names.RESPONSE_ID, "chatcmpl-" + row.getRequestId())
          .setAttribute(Names.RESPONSE_MODEL, row.getModel());
    }
  }

  private static void usage(Span span, CostEvent row) {
    long input = row.getFreshTokens() + row.getCachedTokens() + row.getCacheWrittenTokens();
    span.setAttribute(Names.INPUT_TOKENS, input)
        .setAttribute(Names.OUTPUT_TOKENS, row.getOutputTokens())
        .setAttribute(Names.CACHE_READ_TOKENS, row.getCachedTokens())
        .setAttribute(Names.CACHE_CREATION_TOKENS, row.getCacheWrittenTokens())
        .setAttribute(Names.REASONING_TOKENS, row.getReasoningTokens());

    ObjectNode langfuse = JSON.createObjectNode();
    langfuse
        .put("input", row.getFreshTokens())
        .put("input_cached_tokens", row.getCachedTokens())
        .put("input_cache_creation", row.getCacheWrittenTokens())
        .put("output", row.getOutputTokens() - row.getReasoningTokens())
        .put("output_reasoning_tokens", row.getReasoningTokens())
        .put("total", input + row.getOutputTokens());
    span.setAttribute(Names.LANGFUSE_USAGE, json(langfuse));

    ObjectNode langsmith = JSON.createObjectNode();
    langsmith
        .put("input_tokens", input)
        .put("output_tokens", row.getOutputTokens())
        .put("total_tokens", input + row.getOutputTokens());
    langsmith
        .putObject("input_token_details")
        .put("cache_read", row.getCachedTokens())
        .put("cache_creation", row.getCacheWrittenTokens());
    langsmith.putObject("output_token_details").put("reasoning", row.getReasoningTokens());
    if (row.getTotalUsd() != null) {
      langsmith
          .put("input_cost", shortest(row.getInputUsd()))
          .put("output_cost", shortest(row.getOutputUsd()))
          .put("total_cost", shortest(row.getTotalUsd()));
    }
    span.setAttribute(Names.LANGSMITH_USAGE, json(langsmith));
  }

  private static void cost(Span span, CostEvent row) {
    span.setAttribute(Names.PRICE_SOURCE, row.getPriceSource());
    saved(span, Names.SAVED_DEDUP, row.getSavedDedupUsd());
    saved(span, Names.SAVED_PREFIX, row.getSavedPrefixUsd());
    saved(span, Names.SAVED_SPECULATION, row.getSavedSpeculationUsd());
    saved(span, Names.SAVED_BATCH, row.getSavedBatchUsd());
    // What has no known price is left out: it is not 0.
    if (row.getTotalUsd() != null) {
      span.setAttribute(Names.COST, plain(row.getTotalUsd()));
      span.setAttribute(
          Names.LANGFUSE_COST,
          json(
              JSON.createObjectNode()
                  .put("input", shortest(row.getInputUsd()))
                  .put("output", shortest(row.getOutputUsd()))
                  .put("total", shortest(row.getTotalUsd()))));
    }
  }

  private static void saved(Span span, AttributeKey<String> name, BigDecimal usd) {
    if (usd != null && usd.signum() != 0) {
      span.setAttribute(name, plain(usd));
    }
  }

  private static String plain(BigDecimal usd) {
    return shortest(usd).toPlainString();
  }

  private static BigDecimal shortest(BigDecimal usd) {
    return usd.stripTrailingZeros();
  }

  private static String json(ObjectNode node) {
    try {
      return JSON.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree is always JSON", e);
    }
  }

  private static void phases(Span span, SettledPrompt settled) {
    CostEvent row = settled.row();
    Phases phases = settled.phases();
    long startMs = settled.prompt().getAdmittedMs();
    long totalMs = row.getTotalMs() == null ? 0 : row.getTotalMs();
    if (row.getCached() != CacheOutcome.none) {
      return;
    }
    if (phases == null || phases.queueMs() == null) {
      event(span, Names.QUEUE, startMs, Attributes.of(Names.DURATION_MS, totalMs));
      return;
    }
    long queueMs = phases.queueMs();
    event(span, Names.QUEUE, startMs, Attributes.of(Names.DURATION_MS, queueMs));
    long prefillEnd = phases.firstTokenMs() == null ? totalMs : phases.firstTokenMs();
    event(
        span,
        Names.PREFILL,
        startMs + queueMs,
        Attributes.of(
            Names.DURATION_MS,
            prefillEnd - queueMs,
            Names.TOKENS,
            row.getFreshTokens() + row.getCacheWrittenTokens(),
            Names.CACHED_TOKENS,
            row.getCachedTokens(),
            Names.DEVICE_NANOS,
            phases.prefillNanos()));
    if (phases.firstTokenMs() == null) {
      return;
    }
    long firstMs = startMs + phases.firstTokenMs();
    span.setAttribute(Names.FIRST_TOKEN, phases.firstTokenMs() / 1000.0)
        .setAttribute(Names.LANGFUSE_FIRST_TOKEN, Instant.ofEpochMilli(firstMs).toString());
    event(
        span,
        Names.DECODE,
        firstMs,
        Attributes.of(
            Names.DURATION_MS, totalMs - phases.firstTokenMs(),
            Names.TOKENS, row.getOutputTokens(),
            Names.DEVICE_NANOS, phases.decodeNanos()));
    if (row.getDraftedTokens() > 0) {
      event(
          span,
          Names.SPECULATION,
          firstMs,
          Attributes.of(
              Names.DRAFTED, row.getDraftedTokens(), Names.ACCEPTED, row.getAcceptedTokens()));
    }
  }

  private static void event(Span span, String name, long atMs, Attributes attributes) {
    span.addEvent(name, attributes, atMs, MILLISECONDS);
  }
}
