package io.millrace.jobs.admit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.kafka.PromptRecord;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.Sampling;
import io.millrace.jobs.testing.FakeProfile;
import io.millrace.jobs.testing.Messages;
import io.millrace.schemas.CacheControl;
import io.millrace.schemas.Prompt;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdmissionTest {
  private static final long NOW_MS = 1_000;
  private static final long TTL_MS = 60_000;

  private final Map<String, ModelProfile> models = new LinkedHashMap<>();
  private final Admission admission = admission(false, false);

  private Admission admission(boolean sharedCache, boolean cacheSampled) {
    models.put("small", new FakeProfile("small", "digest", 20, 10, 0));
    models.put("warm", new FakeProfile("warm", "other digest", 20, 10, 0.5f));
    return new Admission(
        new Admission.Policy("small", "nobody", sharedCache, cacheSampled, TTL_MS), models);
  }

  @Test
  void appliesEveryDefault() throws Exception {
    PromptRecord record =
        new PromptRecord(
            "prompts", 3, 42, 0, "key".getBytes(UTF_8), "value".getBytes(UTF_8), null, null, null);
    AdmittedPrompt admitted = admission.admit(record, prompt(p -> {}), NOW_MS);

    assertThat(admitted.getRequestId()).isEqualTo("prompts-3-42");
    assertThat(admitted.getKey()).isEqualTo(ByteBuffer.wrap("key".getBytes(UTF_8)));
    assertThat(admitted.getValue()).isEqualTo(ByteBuffer.wrap("value".getBytes(UTF_8)));
    assertThat(admitted.getTenant()).isEqualTo("nobody");
    assertThat(admitted.getModel()).isEqualTo("small");
    assertThat(admitted.getFingerprint()).matches("[0-9a-f]{64}");
    int[] tokens = new int[5];
    admitted.getPromptTokens().asIntBuffer().get(tokens);
    assertThat(tokens).containsExactly('h', 'e', 'l', 'l', 'o');
    assertThat(admitted.getSampling())
        .isEqualTo(
            Sampling.newBuilder()
                .setTemperature(0)
                .setTopK(0)
                .setTopP(1)
                .setMinP(0)
                .setRepetitionPenalty(1)
                .setSeed(admitted.getSampling().getSeed())
                .setMaxTokens(10)
                .setStop(List.of())
                .setLogprobs(-1)
                .build());
    assertThat(admitted.getCacheRead()).isTrue();
    assertThat(admitted.getCacheWrite()).isTrue();
    assertThat(admitted.getCacheTtlMs()).isEqualTo(TTL_MS);
    assertThat(admitted.getPriority()).isZero();
    assertThat(admitted.getDeadlineMs()).isNull();
    assertThat(admitted.getAdmittedMs()).isEqualTo(NOW_MS);
  }

  @Test
  void keepsWhatThePromptSays() throws Exception {
    AdmittedPrompt admitted =
        admit(
            p ->
                p.setCustomId("c")
                    .setTemperature(0.5)
                    .setTopK(3)
                    .setTopP(0.75)
                    .setMinP(0.25)
                    .setRepetitionPenalty(1.5)
                    .setSeed(-7L)
                    .setStop(List.of("END"))
                    .setMaxCompletionTokens(2)
                    .setLogprobs(true)
                    .setTopLogprobs(4)
                    .setN(3)
                    .setIgnoreEos(true)
                    .setMetadata(Map.of("run", "7"))
                    .setPriority(5));

    assertThat(admitted.getCustomId()).isEqualTo("c");
    assertThat(admitted.getMetadata()).isEqualTo(Map.of("run", "7"));
    assertThat(admitted.getPriority()).isEqualTo(5);
    assertThat(admitted.getSampling())
        .isEqualTo(new Sampling(0.5f, 3, 0.75f, 0.25f, 1.5f, -7L, 2, List.of("END"), 4, 3, true));
  }

  @Test
  void keepsTheRecordsOwnTimeIfItHasOne() throws Exception {
    for (long timestampMs : new long[] {1_700_000_000_000L, -1}) {
      PromptRecord record =
          new PromptRecord("prompts", 0, 0, timestampMs, null, new byte[1], null, null, null);
      assertThat(admission.admit(record, prompt(p -> {}), NOW_MS).getTimestampMs())
          .isEqualTo(timestampMs < 0 ? null : (Long) timestampMs);
    }
  }

  @Test
  void boundsMetadataInAvroToo() {
    Map<String, String> many = new LinkedHashMap<>();
    for (int i = 0; i < 17; i++) {
      many.put("k" + i, "");
    }
    for (Map<String, String> metadata :
        List.of(many, Map.of("k", "v".repeat(513)), Map.of("k".repeat(257), "v"))) {
      assertRefused(
          p -> p.setMetadata(metadata),
          "invalid_request",
          "metadata has more than 16 strings, a name of more than 256 characters, or a value of"
              + " more than 512");
    }
  }

  @Test
  void findsTheModel() throws Exception {
    assertThat(admit(p -> p.setModel(null)).getModel()).isEqualTo("small");
    assertThat(admit(p -> p.setModel("")).getModel()).isEqualTo("small");
    assertThat(admit(p -> p.setModel("default")).getModel()).isEqualTo("small");
    assertThat(admit(p -> p.setModel("warm")).getModel()).isEqualTo("warm");
    assertThat(admit(p -> p.setModel("warm")).getSampling().getTemperature()).isEqualTo(0.5f);
    models.put("default", new FakeProfile("default"));
    assertThat(admit(p -> p.setModel("default")).getModel()).isEqualTo("default");

    assertRefused(p -> p.setModel("big"), "unknown_model", "unknown model \"big\"; configured are");
    assertRefused(
        p -> p.setModel("b".repeat(10_000)),
        "unknown_model",
        "unknown model \"" + "b".repeat(64) + "...\"; configured are small, warm, default");
  }

  @Test
  void takesTheTenantFromHeaderOrBodyOrConfiguration() throws Exception {
    assertThat(admission.admit(record("header", null), prompt(p -> p.setTenant("body")), NOW_MS))
        .returns("header", AdmittedPrompt::getTenant);
    assertThat(admission.admit(record(null, null), prompt(p -> p.setTenant("body")), NOW_MS))
        .returns("body", AdmittedPrompt::getTenant);
    assertThat(admission.admit(record("", null), prompt(p -> {}), NOW_MS))
        .returns("nobody", AdmittedPrompt::getTenant);
    assertRefused(p -> p.setTenant("t".repeat(257)), "invalid_request", "tenant has more than 256");
    assertRefused(p -> p.setTenant("a\ufffd"), "invalid_request", "tenant is not valid UTF-8");
  }

  @Test
  void takesTheDeadlineFromHeaderOrBody() throws Exception {
    Consumer<Prompt.Builder> body = p -> p.setDeadline(Instant.ofEpochMilli(5));
    assertThat(admission.admit(record(null, " 7 "), prompt(body), NOW_MS).getDeadlineMs())
        .isEqualTo(7);
    assertThat(admission.admit(record(null, null), prompt(body), NOW_MS).getDeadlineMs())
        .isEqualTo(5);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "soon",
        "1.5",
        "99999999999999999999",
        "0x10",
        "00000000000000000000000000000000000007"
      })
  void refusesADeadlineHeaderThatIsNoTime(String deadline) {
    assertThatThrownBy(() -> admission.admit(record(null, deadline), prompt(p -> {}), NOW_MS))
        .isInstanceOf(RejectedPromptException.class)
        .hasMessage("header deadline must be epoch milliseconds");
  }

  @Test
  void boundsPromptAndAnswerTogetherByTheContext() throws Exception {
    assertThat(admit(p -> p.setMaxCompletionTokens(1_000_000)).getSampling().getMaxTokens())
        .isEqualTo(20 - "hello".length());
    assertThat(admit(content("x".repeat(19))).getSampling().getMaxTokens()).isEqualTo(1);
    assertRefused(
        content("x".repeat(20)),
        "prompt_too_long",
        "the prompt has 20 tokens, the model takes at most 19");
  }

  @Test
  void refusesWhatIsOutOfRange() {
    assertRefused(p -> p.setTemperature(-0.1), "invalid_request", "temperature is -0.1, must be");
    assertRefused(p -> p.setTemperature(Double.NaN), "invalid_request", "temperature is NaN");
    assertRefused(p -> p.setTemperature(1e300), "invalid_request", "temperature is Infinity");
    assertRefused(p -> p.setTopP(0.0), "invalid_request", "top_p is 0.0, must be");
    assertRefused(p -> p.setTopP(1.1), "invalid_request", "top_p is 1.1, must be");
    assertRefused(p -> p.setTopK(-2), "invalid_request", "top_k is -2, must be 0 (all) or more");
    assertRefused(p -> p.setMinP(1.0), "invalid_request", "min_p is 1.0, must be");
    assertRefused(
        p -> p.setRepetitionPenalty(0.0), "invalid_request", "repetition_penalty is 0.0, must be");
    assertRefused(
        p -> p.setMaxCompletionTokens(0), "invalid_request", "max_tokens is 0, must be 1 or more");
    assertRefused(
        p -> p.setLogprobs(true).setTopLogprobs(21), "invalid_request", "logprobs is 21, must be");
    assertRefused(p -> p.setTopLogprobs(2), "invalid_request", "top_logprobs needs logprobs: true");
    assertRefused(
        p -> p.setStop(List.of("")), "invalid_request", "stop is 0 characters, must be 1 to 256");
    assertRefused(
        p -> p.setStop(java.util.Collections.nCopies(17, "x")),
        "invalid_request",
        "stop is 17, must be at most 16");
    assertRefused(p -> p.setN(17), "invalid_request", "n is 17, must be 1 to 16");
    assertRefused(p -> p.setN(0), "invalid_request", "n is 0, must be 1 to 16");
    assertRefused(
        p -> p.setMessages(List.of()), "invalid_request", "messages must be a list of at least");
    assertRefused(
        p -> p.setMessages(List.of(Messages.of("", "a"))),
        "invalid_request",
        "a message has no role");
    assertRefused(
        p -> p.setCustomId("c".repeat(257)), "invalid_request", "custom_id has more than 256");
    assertRefused(
        p -> p.setCache(CacheControl.newBuilder().setTtlSeconds(0L).build()),
        "invalid_request",
        "cache.ttl is 0, must be at least 1 second");
    assertRefused(content("TEMPLATE"), "invalid_messages", "the template refuses this");
  }

  @Test
  void takesBothWaysToSayThatAllTokensCompete() throws Exception {
    assertThat(admit(p -> p.setTopK(0)).getSampling().getTopK()).isZero();
    assertThat(admit(p -> p.setTopK(-1)).getSampling().getTopK()).isZero();
  }

  @Test
  void takesTheResponseFormatThatIsText() throws Exception {
    assertThat(admit(p -> p.setResponseFormat("{\"type\": \"text\"}"))).isNotNull();
  }

  @Test
  void takesFormatsInOneFormHoweverTheyAreWritten() throws Exception {
    String canonical =
        "{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"type\":\"integer\"}}}";
    AdmittedPrompt plain =
        admit(
            p ->
                p.setResponseFormat(
                    "{\"json_schema\": {\"name\": \"x\", \"strict\": true, \"schema\":"
                        + " {\"type\": \"integer\"}}, \"type\": \"json_schema\"}"));
    assertThat(plain.getResponseFormat()).isEqualTo(canonical);
    assertThat(admit(p -> p.setResponseFormat(canonical)).getFingerprint())
        .isEqualTo(plain.getFingerprint());
    assertThat(admit(p -> p.setResponseFormat("{\"type\":\"json_object\"}")).getFingerprint())
        .isNotEqualTo(plain.getFingerprint())
        .isNotEqualTo(admit(p -> {}).getFingerprint());
    assertThat(
            admit(p -> p.setResponseFormat("{\"type\":\"choice\",\"choice\":[\"a\",\"b\"]}"))
                .getResponseFormat())
        .isEqualTo("{\"type\":\"choice\",\"choice\":[\"a\",\"b\"]}");
    assertRefused(
        p ->
            p.setResponseFormat(
                "{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"not\":{}}}}"),
        "invalid_request",
        "response_format: the JSON schema at its root has the keyword \"not\", which is not supported");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"json_schema\",\"json_schema\":{\"properties\":{\"text\":{}}}}",
        "{\"type\":\"json_schema\",\"json_schema\":{\"schema\":[]}}",
        "{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"not\":{}}}}",
        "{\"type\":\"regex\"}",
        "{\"type\":\"regex\",\"regex\":\"(a\"}",
        "{\"type\":\"choice\",\"choice\":[]}",
        "{\"type\":\"choice\",\"choice\":[1]}",
        "{\"type\":\"grammar\"}",
        "\"text\"",
        "[{\"type\":\"text\"}]",
        "{\"type\":[\"text\"]}",
        "{}",
        "",
        "{\"type\":\"text\"",
        "null"
      })
  void refusesResponseFormatsThatCannotBeFollowed(String format) {
    assertRefused(p -> p.setResponseFormat(format), "invalid_request", "response_format");
  }

  @Test
  void drawsTheSeedFromThePosition() throws Exception {
    Prompt sampled = prompt(p -> p.setTemperature(1.0));
    List<PromptRecord> positions =
        List.of(at("a", 0, 0), at("a", 0, 1), at("a", 1, 0), at("b", 0, 0));
    List<Long> seeds = new java.util.ArrayList<>();
    for (PromptRecord position : positions) {
      seeds.add(admission.admit(position, sampled, NOW_MS).getSampling().getSeed());
    }
    assertThat(seeds).doesNotHaveDuplicates();
    assertThat(admission.admit(at("a", 1, 0), sampled, 2 * NOW_MS).getSampling().getSeed())
        .as("a replay draws the same")
        .isEqualTo(seeds.get(2));
  }

  @Test
  void keepsADrawOfItsOwnOutOfTheCache() throws Exception {
    AdmittedPrompt drawn = admit(p -> p.setTemperature(1.0));
    assertThat(drawn.getCacheRead()).isFalse();
    assertThat(drawn.getCacheWrite()).isFalse();

    assertThat(admit(p -> p.setTemperature(1.0).setSeed(1L)).getCacheWrite()).isTrue();
    Consumer<Prompt.Builder> shared =
        p -> p.setTemperature(1.0).setCache(CacheControl.newBuilder().setUseCache(true).build());
    assertThat(admit(shared).getCacheWrite()).isTrue();
    assertThat(
            admission(false, true)
                .admit(record(null, null), prompt(p -> p.setTemperature(1.0)), NOW_MS)
                .getCacheWrite())
        .isTrue();
  }

  @Test
  void heedsTheCacheControls() throws Exception {
    AdmittedPrompt none =
        admit(p -> p.setCache(CacheControl.newBuilder().setNoCache(true).setNoStore(true).build()));
    assertThat(none.getCacheRead()).isFalse();
    assertThat(none.getCacheWrite()).isFalse();

    assertThat(ttlMs(30)).isEqualTo(30_000);
    assertThat(ttlMs(61)).as("bounded by the configuration").isEqualTo(TTL_MS);
    assertThat(ttlMs(Long.MAX_VALUE)).isEqualTo(TTL_MS);
  }

  @Test
  void onlyOneTenantWithOneSaltSharesPrefixes() throws Exception {
    String acme = prefixScope(admission, "acme", null);
    assertThat(acme).matches("[0-9a-f]{64}");
    assertThat(prefixScope(admission, "acme", null)).isEqualTo(acme);
    assertThat(prefixScope(admission, "other", null)).isNotEqualTo(acme);
    assertThat(prefixScope(admission, "acme", "salt")).isNotEqualTo(acme);
    assertThat(prefixScope(admission, "ac", "me")).isNotEqualTo(acme);
    assertThat(prefixScope(admission, "acme", "x".repeat(100_000))).hasSameSizeAs(acme);
  }

  @Test
  void tenantsSharePrefixesWhereTheyShareAnswersButNotAcrossSalts() throws Exception {
    Admission shared = admission(true, false);
    String acme = prefixScope(shared, "acme", null);
    assertThat(prefixScope(shared, "other", null)).isEqualTo(acme);
    assertThat(prefixScope(shared, "other", "salt")).isNotEqualTo(acme);
  }

  private static String prefixScope(Admission admission, String tenant, String salt)
      throws RejectedPromptException {
    return admission
        .admit(record(tenant, null), prompt(p -> p.setCacheSalt(salt)), NOW_MS)
        .getPrefixScope();
  }

  private long ttlMs(long seconds) throws RejectedPromptException {
    CacheControl cache = CacheControl.newBuilder().setTtlSeconds(seconds).build();
    return admit(p -> p.setCache(cache)).getCacheTtlMs();
  }

  private AdmittedPrompt admit(Consumer<Prompt.Builder> change) throws RejectedPromptException {
    return admission.admit(record(null, null), prompt(change), NOW_MS);
  }

  private void assertRefused(Consumer<Prompt.Builder> change, String code, String message) {
    assertThatThrownBy(() -> admit(change))
        .isInstanceOfSatisfying(
            RejectedPromptException.class,
            e -> {
              assertThat(e.getMessage()).startsWith(message);
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.retryable()).isFalse();
            });
  }

  private static Consumer<Prompt.Builder> content(String content) {
    return p -> p.setMessages(List.of(Messages.of("user", content)));
  }

  private static Prompt prompt(Consumer<Prompt.Builder> change) {
    Prompt.Builder prompt = Prompt.newBuilder().setMessages(List.of(Messages.of("user", "hello")));
    change.accept(prompt);
    return prompt.build();
  }

  private static PromptRecord record(String tenant, String deadline) {
    return new PromptRecord("prompts", 0, 0, 0, null, new byte[1], tenant, null, deadline);
  }

  private static PromptRecord at(String topic, int partition, long offset) {
    return new PromptRecord(topic, partition, offset, 0, null, new byte[1], null, null, null);
  }
}
