package io.millrace.jobs.admit;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.kafka.PromptRecord;
import io.millrace.jobs.state.Sampling;
import io.millrace.jobs.testing.FakeProfile;
import io.millrace.jobs.testing.Messages;
import io.millrace.schemas.CacheControl;
import io.millrace.schemas.Message;
import io.millrace.schemas.Prompt;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;

class FingerprintTest {
  /** What a change of one field of a prompt does to its answer. */
  private record Change(boolean changesTheAnswer, Consumer<Prompt.Builder> how) {}

  private static final String TOOLS =
      "[{\"type\":\"function\",\"function\":{\"name\":\"look_up\"}}]";

  /** A sampled prompt with a seed: every parameter counts. */
  private static final Prompt SAMPLED =
      Prompt.newBuilder()
          .setTenant("acme")
          .setModel("a")
          .setMessages(List.of(Messages.of("user", "hello")))
          .setTemperature(0.5)
          .setTopP(0.5)
          .setTopK(5)
          .setMinP(0.5)
          .setRepetitionPenalty(1.5)
          .setSeed(5L)
          .setStop(List.of("x"))
          .setMaxCompletionTokens(5)
          .setLogprobs(true)
          .setTopLogprobs(5)
          .build();

  private static final Map<String, Change> CHANGES = new LinkedHashMap<>();

  static {
    changes("tenant", p -> p.setTenant("other"));
    changes("model", p -> p.setModel("b"));
    changes("messages", p -> p.setMessages(List.of(Messages.of("user", "hello!"))));
    changes("temperature", p -> p.setTemperature(0.25));
    changes("top_p", p -> p.setTopP(0.25));
    changes("top_k", p -> p.setTopK(6));
    changes("min_p", p -> p.setMinP(0.25));
    changes("repetition_penalty", p -> p.setRepetitionPenalty(1.25));
    changes("seed", p -> p.setSeed(6L));
    changes("stop", p -> p.setStop(List.of("y")));
    changes("max_completion_tokens", p -> p.setMaxCompletionTokens(6));
    changes("logprobs", p -> p.setLogprobs(false).setTopLogprobs(null));
    changes("top_logprobs", p -> p.setTopLogprobs(4));
    changes("cache", p -> p.setCache(CacheControl.newBuilder().setNamespace("n").build()));
    changes("prompt_cache_key", p -> p.setPromptCacheKey("k"));
    changes("cache_salt", p -> p.setCacheSalt("s"));
    changes("tools", p -> p.setTools(TOOLS));
    changesNothing("tool_choice", p -> p.setToolChoice("auto"));
    changesNothing("custom_id", p -> p.setCustomId("c"));
    changesNothing("n", p -> p.setN(1));
    changes("n", p -> p.setN(2));
    changes("ignore_eos", p -> p.setIgnoreEos(true));
    changesNothing("response_format", p -> p.setResponseFormat("{\"type\":\"text\"}"));
    changesNothing("metadata", p -> p.setMetadata(Map.of("a", "b")));
    changesNothing("service_tier", p -> p.setServiceTier("flex"));
    changesNothing("priority", p -> p.setPriority(7));
    changesNothing("deadline", p -> p.setDeadline(Instant.ofEpochMilli(7)));
  }

  private static void changes(String field, Consumer<Prompt.Builder> how) {
    CHANGES.put(field, new Change(true, how));
  }

  private static void changesNothing(String field, Consumer<Prompt.Builder> how) {
    CHANGES.put(field, new Change(false, how));
  }

  private final Map<String, ModelProfile> models =
      Map.of("a", new FakeProfile("a"), "b", new FakeProfile("b"));
  private final Admission admission = admission(false);

  private Admission admission(boolean sharedCache) {
    return new Admission(
        new Admission.Policy("a", "nobody", sharedCache, false, 60_000), new HashMap<>(models));
  }

  @Test
  void differsForWhatChangesTheAnswerAndNothingElse() throws Exception {
    assertThat(CHANGES.keySet())
        .as("every field of a prompt is judged here")
        .containsExactlyInAnyOrderElementsOf(
            Prompt.getClassSchema().getFields().stream().map(Schema.Field::name).toList());
    String fingerprint = of(SAMPLED);
    Set<String> all = new HashSet<>(Set.of(fingerprint));
    for (Map.Entry<String, Change> entry : CHANGES.entrySet()) {
      Prompt.Builder changed = Prompt.newBuilder(SAMPLED);
      entry.getValue().how().accept(changed);
      if (entry.getValue().changesTheAnswer()) {
        assertThat(all.add(of(changed.build()))).as(entry.getKey()).isTrue();
      } else {
        assertThat(of(changed.build())).as(entry.getKey()).isEqualTo(fingerprint);
      }
    }
  }

  @Test
  void coversToolsAsFarAsTheModelIsToldOfThem() throws Exception {
    Prompt offered = Prompt.newBuilder(SAMPLED).setTools(TOOLS).build();
    Prompt withheld = Prompt.newBuilder(offered).setToolChoice("none").build();
    Prompt chosen = Prompt.newBuilder(offered).setToolChoice("auto").build();
    Prompt empty = Prompt.newBuilder(SAMPLED).setTools("[]").build();
    assertThat(of(withheld)).isEqualTo(of(SAMPLED)).isEqualTo(of(empty));
    assertThat(of(chosen)).isEqualTo(of(offered)).isNotEqualTo(of(SAMPLED));
  }

  @Test
  void coversToolCallsAndWhatTheyAreAnsweredWith() throws Exception {
    Set<String> all = new HashSet<>();
    for (String id : List.of("1", "2")) {
      for (String name : List.of("look_up", "send")) {
        for (String answered : List.of("1", "2")) {
          Message call =
              Message.newBuilder()
                  .setRole("assistant")
                  .setToolCalls(
                      "[{\"id\":\""
                          + id
                          + "\",\"type\":\"function\",\"function\":{\"name\":\""
                          + name
                          + "\",\"arguments\":\"{}\"}}]")
                  .build();
          Message answer =
              Message.newBuilder()
                  .setRole("tool")
                  .setContent("hello")
                  .setToolCallId(answered)
                  .build();
          Prompt prompt =
              Prompt.newBuilder(SAMPLED)
                  .setMessages(List.of(Messages.of("user", "hello"), call, answer))
                  .build();
          assertThat(all.add(of(prompt))).isTrue();
        }
      }
    }
  }

  @Test
  void isTheSameWhereverAndWheneverThePromptComes() throws Exception {
    PromptRecord elsewhere =
        new PromptRecord("u", 9, 9, 9, new byte[9], new byte[9], "acme", "trace", "9");
    assertThat(admission.admit(elsewhere, SAMPLED, 9).getFingerprint()).isEqualTo(of(SAMPLED));
  }

  @Test
  void isTheSameForADefaultSaidAndUnsaid() throws Exception {
    Prompt unsaid = Prompt.newBuilder().setMessages(SAMPLED.getMessages()).setSeed(1L).build();
    Prompt said =
        Prompt.newBuilder(unsaid)
            .setModel("default")
            .setTenant("nobody")
            .setTemperature(-0.0)
            .setTopP(1.0)
            .setTopK(-1)
            .setMinP(-0.0)
            .setRepetitionPenalty(1.0)
            .setMaxCompletionTokens(100)
            .setLogprobs(false)
            .setTopLogprobs(0)
            .setPromptCacheKey("")
            .build();
    assertThat(of(said)).isEqualTo(of(unsaid));
    assertThat(of(Prompt.newBuilder(said).setTemperature(1.0).build()))
        .isEqualTo(of(Prompt.newBuilder(unsaid).setTemperature(1.0).build()));
  }

  @Test
  void forgetsWhatAGreedyChoiceDoesNotHeed() throws Exception {
    Prompt greedy = Prompt.newBuilder(SAMPLED).setTemperature(0.0).build();
    Prompt truncated =
        Prompt.newBuilder(greedy).setTopK(1).setTopP(0.1).setMinP(0.9).setSeed(99L).build();
    assertThat(of(truncated)).isEqualTo(of(greedy));
    assertThat(of(Prompt.newBuilder(greedy).setRepetitionPenalty(2.0).build()))
        .isNotEqualTo(of(greedy));
  }

  @Test
  void sharesADrawOnlyWhenAskedTo() throws Exception {
    Prompt unseeded = Prompt.newBuilder(SAMPLED).setSeed(null).build();
    Prompt sharing =
        Prompt.newBuilder(unseeded)
            .setCache(CacheControl.newBuilder().setUseCache(true).build())
            .build();
    assertThat(of(unseeded, 1)).isNotEqualTo(of(unseeded, 2));
    assertThat(of(sharing, 1)).isEqualTo(of(sharing, 2));
  }

  @Test
  void sharesBetweenTenantsOnlyWhenConfiguredTo() throws Exception {
    Prompt other = Prompt.newBuilder(SAMPLED).setTenant("other").build();
    Admission shared = admission(true);
    PromptRecord record = record(0);
    assertThat(shared.admit(record, other, 0).getFingerprint())
        .isEqualTo(shared.admit(record, SAMPLED, 0).getFingerprint());
  }

  @Test
  void writesNoTwoDifferentRequestsAlike() {
    Random random = new Random(7);
    Map<String, List<Object>> seen = new HashMap<>();
    Set<List<Object>> requests = new HashSet<>();
    for (int i = 0; i < 50_000; i++) {
      // Few letters in many places: what differs only by where a part ends is frequent.
      List<String> scope = List.of(text(random), text(random), text(random), text(random));
      String digest = text(random);
      List<Message> messages = new ArrayList<>();
      for (int m = random.nextInt(3); m >= 0; m--) {
        String name = random.nextBoolean() ? null : text(random);
        messages.add(Messages.of(text(random), text(random), name));
      }
      List<String> stop = new ArrayList<>();
      for (int s = random.nextInt(3); s > 0; s--) {
        stop.add(text(random));
      }
      Sampling sampling =
          new Sampling(
              1f,
              random.nextInt(2),
              1f,
              0f,
              1f,
              (long) random.nextInt(2),
              1,
              stop,
              random.nextInt(2) - 1,
              1 + random.nextInt(2),
              random.nextBoolean());
      List<Object> request = List.of(scope, digest, messages, sampling);
      String fingerprint = Fingerprint.of(scope, digest, messages, sampling, true, null, null);
      List<Object> before = seen.putIfAbsent(fingerprint, request);
      assertThat(before == null || before.equals(request))
          .as("%s and %s", before, request)
          .isTrue();
      requests.add(request);
    }
    assertThat(seen).hasSameSizeAs(requests);
  }

  private static String text(Random random) {
    return "ab".substring(random.nextInt(3)) + "a".repeat(random.nextInt(2));
  }

  private String of(Prompt prompt) throws RejectedPromptException {
    return of(prompt, 0);
  }

  private String of(Prompt prompt, long offset) throws RejectedPromptException {
    return admission.admit(record(offset), prompt, 0).getFingerprint();
  }

  private static PromptRecord record(long offset) {
    return new PromptRecord("t", 0, offset, 0, null, new byte[1], null, null, null);
  }
}
