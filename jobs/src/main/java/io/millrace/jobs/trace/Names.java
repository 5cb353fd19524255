package io.millrace.jobs.trace;

import io.opentelemetry.api.common.AttributeKey;
import java.util.List;

/**
 * Every name that is written into a span, and nowhere else: OpenTelemetry's conventions for
 * generative AI are still in development, as of the release of 2026 that the names below are of.
 * Where LangSmith and Langfuse read names of their own, those stand beside them.
 */
final class Names {
  static final String SCOPE = "io.millrace";
  static final String SERVICE = "millrace";

  // Of generative AI.
  static final String CHAT = "chat";
  static final AttributeKey<String> OPERATION = AttributeKey.stringKey("gen_ai.operation.name");
  static final AttributeKey<String> PROVIDER = AttributeKey.stringKey("gen_ai.provider.name");

  /** The provider's name until 2025; LangSmith reads it. */
  static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("gen_ai.system");

  static final AttributeKey<String> REQUEST_MODEL = AttributeKey.stringKey("gen_ai.request.model");
  static final AttributeKey<Long> MAX_TOKENS = AttributeKey.longKey("gen_ai.request.max_tokens");
  static final AttributeKey<Long> CHOICES = AttributeKey.longKey("gen_ai.request.choice.count");
  static final AttributeKey<Long> SEED = AttributeKey.longKey("gen_ai.request.seed");
  static final AttributeKey<Double> TEMPERATURE =
      AttributeKey.doubleKey("gen_ai.request.temperature");
  static final AttributeKey<Double> TOP_P = AttributeKey.doubleKey("gen_ai.request.top_p");
  static final AttributeKey<Long> TOP_K = AttributeKey.longKey("gen_ai.request.top_k");
  static final AttributeKey<String> OUTPUT_TYPE = AttributeKey.stringKey("gen_ai.output.type");
  static final AttributeKey<String> RESPONSE_ID = AttributeKey.stringKey("gen_ai.response.id");
  static final AttributeKey<String> RESPONSE_MODEL =
      AttributeKey.stringKey("gen_ai.response.model");
  static final AttributeKey<List<String>> FINISH_REASONS =
      AttributeKey.stringArrayKey("gen_ai.response.finish_reasons");

  /** Seconds. */
  static final AttributeKey<Double> FIRST_TOKEN =
      AttributeKey.doubleKey("gen_ai.response.time_to_first_chunk");

  static final AttributeKey<Long> INPUT_TOKENS = AttributeKey.longKey("gen_ai.usage.input_tokens");
  static final AttributeKey<Long> OUTPUT_TOKENS =
      AttributeKey.longKey("gen_ai.usage.output_tokens");
  static final AttributeKey<Long> CACHE_READ_TOKENS =
      AttributeKey.longKey("gen_ai.usage.cache_read.input_tokens");
  static final AttributeKey<Long> CACHE_CREATION_TOKENS =
      AttributeKey.longKey("gen_ai.usage.cache_creation.input_tokens");
  static final AttributeKey<Long> REASONING_TOKENS =
      AttributeKey.longKey("gen_ai.usage.reasoning.output_tokens");
  static final AttributeKey<String> INPUT_MESSAGES =
      AttributeKey.stringKey("gen_ai.input.messages");
  static final AttributeKey<String> OUTPUT_MESSAGES =
      AttributeKey.stringKey("gen_ai.output.messages");

  // General.
  static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");
  static final AttributeKey<String> SERVICE_NAME = AttributeKey.stringKey("service.name");
  static final AttributeKey<String> USER = AttributeKey.stringKey("user.id");
  static final AttributeKey<String> MESSAGING = AttributeKey.stringKey("messaging.system");
  static final String KAFKA = "kafka";
  static final AttributeKey<String> TOPIC = AttributeKey.stringKey("messaging.destination.name");
  static final AttributeKey<String> PARTITION =
      AttributeKey.stringKey("messaging.destination.partition.id");
  static final AttributeKey<Long> OFFSET = AttributeKey.longKey("messaging.kafka.offset");

  // LangSmith's.
  static final AttributeKey<String> LANGSMITH_KIND = AttributeKey.stringKey("langsmith.span.kind");
  static final String LANGSMITH_LLM = "llm";

  /** JSON: tokens, and USD. */
  static final AttributeKey<String> LANGSMITH_USAGE =
      AttributeKey.stringKey("langsmith.usage_metadata");

  static final AttributeKey<String> LANGSMITH_TENANT =
      AttributeKey.stringKey("langsmith.metadata.tenant");
  static final AttributeKey<String> LANGSMITH_CACHED =
      AttributeKey.stringKey("langsmith.metadata.cached");

  // Langfuse's.
  static final AttributeKey<String> LANGFUSE_TYPE =
      AttributeKey.stringKey("langfuse.observation.type");
  static final String LANGFUSE_GENERATION = "generation";
  static final AttributeKey<String> LANGFUSE_MODEL =
      AttributeKey.stringKey("langfuse.observation.model.name");

  /** JSON: tokens, each in one kind only. */
  static final AttributeKey<String> LANGFUSE_USAGE =
      AttributeKey.stringKey("langfuse.observation.usage_details");

  /** JSON: USD. */
  static final AttributeKey<String> LANGFUSE_COST =
      AttributeKey.stringKey("langfuse.observation.cost_details");

  /** ISO 8601. */
  static final AttributeKey<String> LANGFUSE_FIRST_TOKEN =
      AttributeKey.stringKey("langfuse.observation.completion_start_time");

  static final AttributeKey<String> LANGFUSE_LEVEL =
      AttributeKey.stringKey("langfuse.observation.level");
  static final String LANGFUSE_ERROR = "ERROR";

  // Our own, as cost rows have them; amounts are exact decimals of USD.
  static final AttributeKey<String> REQUEST_ID = AttributeKey.stringKey("millrace.request_id");
  static final AttributeKey<String> CUSTOM_ID = AttributeKey.stringKey("millrace.custom_id");
  static final AttributeKey<String> TENANT = AttributeKey.stringKey("millrace.tenant");
  static final AttributeKey<String> BACKEND = AttributeKey.stringKey("millrace.backend");
  static final AttributeKey<Long> ATTEMPT = AttributeKey.longKey("millrace.attempt");
  static final AttributeKey<String> STATUS = AttributeKey.stringKey("millrace.status");
  static final AttributeKey<String> CACHED = AttributeKey.stringKey("millrace.cached");
  static final AttributeKey<String> STAGE = AttributeKey.stringKey("millrace.stage");
  static final AttributeKey<Boolean> RETRYABLE = AttributeKey.booleanKey("millrace.retryable");
  static final AttributeKey<String> COST = AttributeKey.stringKey("millrace.cost_usd");
  static final AttributeKey<String> SAVED_DEDUP =
      AttributeKey.stringKey("millrace.saved.dedup_usd");
  static final AttributeKey<String> SAVED_PREFIX =
      AttributeKey.stringKey("millrace.saved.prefix_cache_usd");
  static final AttributeKey<String> SAVED_SPECULATION =
      AttributeKey.stringKey("millrace.saved.speculation_usd");
  static final AttributeKey<String> SAVED_BATCH =
      AttributeKey.stringKey("millrace.saved.batch_usd");
  static final AttributeKey<String> PRICE_SOURCE = AttributeKey.stringKey("millrace.price_source");
  static final AttributeKey<Boolean> TEXT_CUT = AttributeKey.booleanKey("millrace.text_cut");

  // Events, each at its beginning.
  static final String QUEUE = "queue";
  static final String PREFILL = "prefill";
  static final String DECODE = "decode";
  static final String SPECULATION = "speculation";
  static final AttributeKey<Long> DURATION_MS = AttributeKey.longKey("millrace.duration_ms");
  static final AttributeKey<Long> DEVICE_NANOS = AttributeKey.longKey("millrace.device_nanos");
  static final AttributeKey<Long> TOKENS = AttributeKey.longKey("millrace.tokens");
  static final AttributeKey<Long> CACHED_TOKENS = AttributeKey.longKey("millrace.cached_tokens");
  static final AttributeKey<Long> DRAFTED = AttributeKey.longKey("millrace.drafted_tokens");
  static final AttributeKey<Long> ACCEPTED = AttributeKey.longKey("millrace.accepted_tokens");

  private Names() {}
}
