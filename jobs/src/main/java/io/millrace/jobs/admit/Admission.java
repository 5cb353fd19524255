package io.millrace.jobs.admit;

import static io.millrace.engine.SamplingParams.CHOICES_MAX;
import static io.millrace.jobs.admit.RejectedPromptException.invalid;
import static io.millrace.jobs.admit.RejectedPromptException.terminal;

import io.millrace.engine.ChatRequest;
import io.millrace.engine.ResponseFormat;
import io.millrace.engine.SamplingParams;
import io.millrace.engine.tokenizer.Conversation;
import io.millrace.jobs.kafka.PromptRecord;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.Sampling;
import io.millrace.schemas.CacheControl;
import io.millrace.schemas.Prompt;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * Turns a decoded prompt into one that can be answered: finds its model, applies every default,
 * counts its tokens, and computes its fingerprint. Anything that cannot be answered is refused
 * here, with a reason, before it costs anything.
 */
final class Admission {
  private static final int NAME_LENGTH_MAX = 256;

  /** OpenAI's own limits of metadata. */
  private static final int LABELS_MAX = 16;

  private static final int LABEL_LENGTH_MAX = 512;

  /** Digits and a sign of any long, with some white space around. */
  private static final int DEADLINE_LENGTH_MAX = 32;

  /** What decoding puts in the place of bytes that are not UTF-8. */
  private static final char REPLACEMENT = '\uFFFD';

  private final Policy policy;
  private final Map<String, ModelProfile> models;
  private final GrammarCheck grammars = new GrammarCheck();

  /**
   * The configured rules of admission.
   *
   * @param defaultModel answers prompts that name no model, or {@code default}
   * @param defaultTenant of prompts that name none
   * @param sharedCache whether tenants share cached answers and prefixes
   * @param cacheSampled whether sampled prompts without a seed share an answer
   * @param cacheTtlMs longest reuse of an answer, milliseconds
   */
  record Policy(
      String defaultModel,
      String defaultTenant,
      boolean sharedCache,
      boolean cacheSampled,
      long cacheTtlMs) {}

  Admission(Policy policy, Map<String, ModelProfile> models) {
    this.policy = policy;
    this.models = models;
  }

  /**
   * @param nowMs epoch milliseconds
   * @throws RejectedPromptException naming what is wrong
   */
  AdmittedPrompt admit(PromptRecord record, Prompt prompt, long nowMs)
      throws RejectedPromptException {
    ModelProfile model = model(prompt.getModel());
    String tenant = tenant(record, prompt);
    String tools = Tools.shown(prompt);
    Conversation conversation = Conversations.of(prompt, tools);
    refuseUnsupported(prompt);
    String responseFormat = model.remote() ? ChatBody.format(prompt) : responseFormat(prompt);

    int[] tokens = model.encode(conversation);
    if (tokens.length >= model.contextTokensMax()) {
      throw terminal(
          "prompt_too_long",
          "the prompt has "
              + tokens.length
              + " tokens, the model takes at most "
              + (model.contextTokensMax() - 1));
    }
    boolean seeded = prompt.getSeed() != null;
    Sampling sampling = sampling(prompt, model, record, model.contextTokensMax() - tokens.length);
    ChatRequest chat = model.remote() ? ChatBody.of(prompt, sampling, tools) : null;
    if (chat != null) {
      model.requireAskable(chat);
    }
    CacheControl cache =
        prompt.getCache() != null ? prompt.getCache() : CacheControl.newBuilder().build();
    boolean sharesSample =
        cache.getUseCache() == null ? policy.cacheSampled() : cache.getUseCache();
    // A draw of its own has a fingerprint of its own: kept, it would only fill the state.
    boolean reusable = sampling.getTemperature() == 0 || seeded || sharesSample;

    return AdmittedPrompt.newBuilder()
        .setRequestId(record.requestId())
        .setTopic(record.topic())
        .setPartition(record.partition())
        .setOffset(record.offset())
        .setTimestampMs(record.timestampMs() < 0 ? null : record.timestampMs())
        .setKey(record.key() == null ? null : ByteBuffer.wrap(record.key()))
        .setValue(ByteBuffer.wrap(record.value()))
        .setCustomId(prompt.getCustomId())
        .setMetadata(prompt.getMetadata())
        .setTenant(tenant)
        .setModel(model.name())
        .setFingerprint(
            Fingerprint.of(
                scope(tenant, cache, prompt),
                model.digest(),
                prompt.getMessages(),
                sampling,
                seeded || !sharesSample,
                responseFormat,
                tools))
        .setModelDigest(model.digest())
        .setPrefixScope(
            Fingerprint.ofScope(
                List.of(sharingTenant(tenant), Objects.toString(prompt.getCacheSalt(), ""))))
        .setPromptTokens(bytes(tokens))
        .setSampling(sampling)
        .setResponseFormat(chat == null ? responseFormat : null)
        .setChat(chat == null ? null : chat.json())
        .setCacheRead(reusable && !cache.getNoCache())
        .setCacheWrite(reusable && !cache.getNoStore())
        .setCacheTtlMs(ttlMs(cache))
        .setPriority(prompt.getPriority() == null ? 0 : prompt.getPriority())
        .setDeadlineMs(deadlineMs(record, prompt))
        .setTraceparent(record.traceparent())
        .setAdmittedMs(nowMs)
        .setReplays(record.replays())
        .build();
  }

  private ModelProfile model(String name) throws RejectedPromptException {
    boolean unnamed = name == null || name.isEmpty() || name.equals("default");
    ModelProfile model =
        models.get(unnamed && !models.containsKey(name) ? policy.defaultModel() : name);
    if (model == null) {
      throw terminal(
          "unknown_model",
          "unknown model "
              + abbreviated(name)
              + "; configured are "
              + String.join(", ", models.keySet()));
    }
    return model;
  }

  private String tenant(PromptRecord record, Prompt prompt) throws RejectedPromptException {
    String tenant = record.tenant() != null ? record.tenant() : prompt.getTenant();
    if (tenant == null || tenant.isEmpty()) {
      return policy.defaultTenant();
    }
    if (tenant.length() > NAME_LENGTH_MAX) {
      throw invalid("tenant has more than " + NAME_LENGTH_MAX + " characters");
    }
    if (tenant.indexOf(REPLACEMENT) >= 0) {
      // Two tenants must not become one because neither is UTF-8.
      throw invalid("tenant is not valid UTF-8");
    }
    return tenant;
  }

  private static void refuseUnsupported(Prompt prompt) throws RejectedPromptException {
    if (prompt.getN() != null && (prompt.getN() < 1 || prompt.getN() > CHOICES_MAX)) {
      throw invalid("n is " + prompt.getN() + ", must be 1 to " + CHOICES_MAX);
    }
    if (prompt.getTopK() != null && prompt.getTopK() < -1) {
      throw invalid("top_k is " + prompt.getTopK() + ", must be 0 (all) or more");
    }
    if (prompt.getCustomId() != null && prompt.getCustomId().length() > NAME_LENGTH_MAX) {
      throw invalid("custom_id has more than " + NAME_LENGTH_MAX + " characters");
    }
    boolean boundedLabels =
        prompt.getMetadata().size() <= LABELS_MAX
            && prompt.getMetadata().entrySet().stream()
                .allMatch(
                    label ->
                        label.getKey().length() <= NAME_LENGTH_MAX
                            && label.getValue().length() <= LABEL_LENGTH_MAX);
    if (!boundedLabels) {
      throw invalid(
          "metadata has more than "
              + LABELS_MAX
              + " strings, a name of more than "
              + NAME_LENGTH_MAX
              + " characters, or a value of more than "
              + LABEL_LENGTH_MAX);
    }
  }

  /** The text of the response format, if it can be followed; null for any text. */
  private String responseFormat(Prompt prompt) throws RejectedPromptException {
    ResponseFormat format = ResponseFormats.read(prompt.getResponseFormat());
    grammars.check(format);
    return format == null ? null : ResponseFormats.text(format);
  }

  private static Sampling sampling(
      Prompt prompt, ModelProfile model, PromptRecord record, int roomTokens)
      throws RejectedPromptException {
    int asked = orElse(prompt.getMaxCompletionTokens(), model.outputTokensMax());
    boolean logprobs = Boolean.TRUE.equals(prompt.getLogprobs());
    if (!logprobs && prompt.getTopLogprobs() != null && prompt.getTopLogprobs() != 0) {
      throw invalid("top_logprobs needs logprobs: true");
    }
    SamplingParams checked;
    try {
      checked =
          new SamplingParams(
              orElse(prompt.getTemperature(), model.temperature()),
              // -1 and 0 both mean all, as in vLLM.
              Math.max(0, orElse(prompt.getTopK(), 0)),
              orElse(prompt.getTopP(), 1f),
              orElse(prompt.getMinP(), 0f),
              orElse(prompt.getRepetitionPenalty(), 1f),
              prompt.getSeed() != null ? prompt.getSeed() : seedOf(record),
              asked,
              prompt.getStop(),
              logprobs ? orElse(prompt.getTopLogprobs(), 0) : -1,
              Boolean.TRUE.equals(prompt.getIgnoreEos()));
    } catch (IllegalArgumentException e) {
      throw invalid(e.getMessage());
    }
    return Sampling.newBuilder()
        .setTemperature(checked.temperature())
        .setTopK(checked.topK())
        .setTopP(checked.topP())
        .setMinP(checked.minP())
        .setRepetitionPenalty(checked.repetitionPenalty())
        .setSeed(checked.seed())
        .setMaxTokens(Math.min(checked.maxTokens(), roomTokens))
        .setStop(checked.stop())
        .setLogprobs(checked.logprobs())
        .setN(orElse(prompt.getN(), 1))
        .setIgnoreEos(checked.ignoreEos())
        .build();
  }

  /**
   * A sampled prompt without a seed gets one from its position, so that a replay draws the same.
   */
  private static long seedOf(PromptRecord record) {
    return Objects.hash(record.topic(), record.partition()) * 0x9E3779B97F4A7C15L + record.offset();
  }

  private List<String> scope(String tenant, CacheControl cache, Prompt prompt) {
    return List.of(
        sharingTenant(tenant),
        Objects.toString(cache.getNamespace(), ""),
        Objects.toString(prompt.getCacheSalt(), ""),
        Objects.toString(prompt.getPromptCacheKey(), ""));
  }

  /** The tenant, or the same for all tenants where they share. */
  private String sharingTenant(String tenant) {
    return policy.sharedCache() ? "" : tenant;
  }

  private long ttlMs(CacheControl cache) throws RejectedPromptException {
    Long seconds = cache.getTtlSeconds();
    if (seconds == null) {
      return policy.cacheTtlMs();
    }
    if (seconds < 1) {
      throw invalid("cache.ttl is " + seconds + ", must be at least 1 second");
    }
    return Math.min(policy.cacheTtlMs(), TimeUnit.SECONDS.toMillis(seconds));
  }

  private static Long deadlineMs(PromptRecord record, Prompt prompt)
      throws RejectedPromptException {
    if (record.deadline() == null) {
      return prompt.getDeadline() == null ? null : prompt.getDeadline().toEpochMilli();
    }
    try {
      if (record.deadline().length() > DEADLINE_LENGTH_MAX) {
        throw new NumberFormatException("too long");
      }
      return Long.valueOf(record.deadline().trim());
    } catch (NumberFormatException e) {
      throw invalid("header deadline must be epoch milliseconds");
    }
  }

  private static ByteBuffer bytes(int[] tokens) {
    ByteBuffer bytes = ByteBuffer.allocate(tokens.length * Integer.BYTES);
    bytes.asIntBuffer().put(tokens);
    return bytes;
  }

  private static int orElse(Integer value, int otherwise) {
    return value != null ? value : otherwise;
  }

  private static float orElse(Double value, float otherwise) {
    return value != null ? value.floatValue() : otherwise;
  }

  private static String abbreviated(String name) {
    return '"' + (name.length() > 64 ? name.substring(0, 64) + "..." : name) + '"';
  }
}
