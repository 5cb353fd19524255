package io.millrace.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.remote.AnthropicProtocol;
import io.millrace.engine.remote.ApiKey;
import io.millrace.engine.remote.Attempt;
import io.millrace.engine.remote.AttemptLog;
import io.millrace.engine.remote.OpenAiProtocol;
import io.millrace.engine.remote.RemoteEngine;
import io.millrace.engine.remote.RemoteLimits;
import io.millrace.engine.remote.RemoteProtocol;
import io.millrace.engine.remote.RemoteTarget;
import io.millrace.jobs.cost.Prices;
import io.millrace.jobs.cost.Pricing;
import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.testing.ModelServer;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.RequestStatus;
import io.millrace.schemas.Response;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The generate operator with a model that others serve. */
@Timeout(120)
class GenerateRemoteTest {
  @TempDir Path directory;

  private final List<Attempt> noted = new CopyOnWriteArrayList<>();

  @Test
  void anAnswerNamesItsModelAndCostsWhatTheServerBills() throws Exception {
    try (ModelServer server = ModelServer.start();
        GenerateHarness harness = harness(target("default", new OpenAiProtocol(), server)).open()) {
      harness.send(prompt(1, "hello"), prompt(2, "hello"));
      harness.runUntil(() -> harness.responses().size() == 2);

      Response answer = harness.responses().get(0);
      assertThat(answer.getChoices().get(0).getMessage().getContent()).isEqualTo("HELLO");
      assertThat(answer.getModel()).isEqualTo("default");
      assertThat(answer.getUsage().getPromptTokens()).isEqualTo(25);
      assertThat(answer.getUsage().getCachedTokens()).isEqualTo(16);
      assertThat(harness.responses().get(1).getCached()).isEqualTo(CacheOutcome.coalesced);

      CostEvent row = harness.costs().get(0);
      assertThat(row.getBackend()).isEqualTo("openai");
      assertThat(row.getStatus()).isEqualTo(RequestStatus.generated);
      assertThat(row.getFreshTokens()).isEqualTo(9);
      assertThat(row.getCachedTokens()).isEqualTo(16);
      assertThat(row.getOutputTokens()).isEqualTo(5);
      assertThat(row.getDeviceNanos()).isZero();
      assertThat(row.getAttempt()).isZero();
      assertThat(row.getServiceTier()).isNull();
      // 9 x 2.5 + 16 x 1.25 + 5 x 10 USD a million
      assertThat(row.getTotalUsd()).isEqualByComparingTo(new BigDecimal("0.0000925"));
      assertThat(row.getSavedPrefixUsd()).isEqualByComparingTo(new BigDecimal("0.00002"));
      assertThat(row.getPriceSource()).endsWith("#gpt-4o");
      assertThat(harness.costs().get(1).getSavedDedupUsd()).isEqualByComparingTo(row.getTotalUsd());
      assertThat(harness.ledger()).hasSize(2); // no idle time
      assertThat(harness.streamed("prompts-0-1")).isEqualTo("HELLO");
      assertThat(harness.inFlight()).isEmpty();
      assertThat(noted).hasSize(1);
    }
  }

  @Test
  void aCallThatACrashCutOffIsMadeAgainUnderTheNextNumber() throws Exception {
    try (ModelServer server = ModelServer.waiting()) {
      OperatorSubtaskState checkpoint;
      RemoteTarget target = target("default", new OpenAiProtocol(), server);
      try (GenerateHarness harness = harness(target).open()) {
        harness.send(prompt(1, "hello"));
        harness.runUntil(() -> server.calls.size() == 1);
        checkpoint = harness.flink.snapshot(1, GenerateHarness.START_MS);
      }
      server.answers.release(10);
      try (GenerateHarness harness = harness(target).restore(checkpoint)) {
        harness.runUntil(() -> harness.responses().size() == 1);
        assertThat(noted)
            .extracting(Attempt::requestId, Attempt::attempt)
            .containsExactly(
                org.assertj.core.groups.Tuple.tuple("prompts-0-1/0", 0),
                org.assertj.core.groups.Tuple.tuple("prompts-0-1/0", 1));
        assertThat(harness.costs().get(0).getAttempt()).isEqualTo(1);
        assertThat(harness.tokens()).extracting(t -> t.getAttempt()).containsOnly(1);
        assertThat(harness.inFlight()).isEmpty();
      }
    }
  }

  @Test
  void nobodyKnowsWhatACallCostThatACrashCutOff() throws Exception {
    try (ModelServer server = ModelServer.waiting()) {
      OperatorSubtaskState checkpoint;
      RemoteTarget target = target("default", new OpenAiProtocol(), server);
      try (GenerateHarness harness = harness(target).open()) {
        harness.send(prompt(1, "hello"));
        harness.runUntil(() -> server.calls.size() == 1);
        checkpoint = harness.flink.snapshot(1, GenerateHarness.START_MS);
      }
      server.refuse(2); // the call that was cut off is answered, too, to nobody
      server.answers.release(10);
      try (GenerateHarness harness = harness(target).restore(checkpoint)) {
        harness.runUntil(() -> harness.deadLetters().size() == 1);
        CostEvent row = harness.costs().get(0);
        assertThat(row.getAttempt()).isEqualTo(1);
        assertThat(row.getTotalUsd()).as("the first call may be billed").isNull();
      }
    }
  }

  @Test
  void nobodyKnowsWhatAChoiceCostThatIsGivenUpForAnother() throws Exception {
    try (ModelServer server = ModelServer.waiting();
        GenerateHarness harness = harness(target("default", new OpenAiProtocol(), server)).open()) {
      AdmittedPrompt two = prompt(1, "hello");
      two.getSampling().setN(2);
      harness.send(two);
      harness.runUntil(() -> server.calls.size() == 2);
      server.refuse(1);
      server.answers.release(1);
      harness.runUntil(() -> harness.deadLetters().size() == 1);
      assertThat(harness.costs().get(0).getTotalUsd()).isNull();
    }
  }

  @Test
  void aChoiceThatWasAnsweredIsNotAskedForAgain() throws Exception {
    try (ModelServer server = ModelServer.waiting()) {
      server.answers.release(1);
      OperatorSubtaskState checkpoint;
      RemoteTarget target = target("default", new OpenAiProtocol(), server);
      AdmittedPrompt two = prompt(1, "hello");
      two.getSampling().setN(2);
      try (GenerateHarness harness = harness(target).open()) {
        harness.send(two);
        harness.runUntil(() -> !harness.tokens().isEmpty() && server.calls.size() == 2);
        checkpoint = harness.flink.snapshot(1, GenerateHarness.START_MS);
      }
      server.answers.release(10);
      try (GenerateHarness harness = harness(target).restore(checkpoint)) {
        harness.runUntil(() -> harness.responses().size() == 1);
        assertThat(server.calls).hasSize(3);
        assertThat(harness.responses().get(0).getChoices())
            .extracting(choice -> choice.getMessage().getContent())
            .containsExactly("HELLO", "HELLO");
        assertThat(harness.costs().get(0).getOutputTokens()).isEqualTo(10);
        assertThat(harness.costs().get(0).getTotalUsd())
            .isEqualByComparingTo(new BigDecimal("0.000185"));
      }
    }
  }

  @Test
  void theModelThatAnsweredIsNamedAndPaidAndItsAnswerNotKept() throws Exception {
    try (ModelServer down = ModelServer.start();
        ModelServer up = ModelServer.start();
        GenerateHarness harness =
            harness(
                    target("default", new OpenAiProtocol(), down),
                    target("other", new AnthropicProtocol(), up))
                .open()) {
      down.refuse(1);
      harness.send(prompt(1, "hello"), prompt(3, "hello"));
      harness.runUntil(() -> harness.responses().size() == 2);
      harness.send(prompt(2, "hello"));
      harness.runUntil(() -> harness.responses().size() == 3);

      assertThat(harness.responses())
          .extracting(Response::getModel)
          .containsExactly("other", "other", "default");
      CostEvent shared = harness.costs().get(1);
      assertThat(shared.getStatus()).isEqualTo(RequestStatus.coalesced);
      assertThat(shared.getModel()).isEqualTo("other");
      assertThat(shared.getBackend()).isEqualTo("anthropic");
      CostEvent row = harness.costs().get(0);
      assertThat(row.getModel()).isEqualTo("other");
      assertThat(row.getBackend()).isEqualTo("anthropic");
      assertThat(row.getAttempt()).isEqualTo(1);
      assertThat(row.getPriceSource()).endsWith("#claude-sonnet-4-5");
      assertThat(harness.responses().get(2).getCached()).isEqualTo(CacheOutcome.none);
      assertThat(noted).extracting(Attempt::model).containsExactly("default", "other", "default");
    }
  }

  @Test
  void whatFailsIsBuriedWithItsReason() throws Exception {
    try (ModelServer server = ModelServer.start();
        GenerateHarness harness = harness(target("default", new OpenAiProtocol(), server)).open()) {
      server.refuse(1);
      harness.send(prompt(1, "hello"));
      harness.runUntil(() -> harness.deadLetters().size() == 1);

      DeadLetter letter = harness.deadLetters().get(0);
      assertThat(letter.code()).isEqualTo("remote_failed");
      assertThat(letter.message()).isEqualTo("model default: the server answered 500");
      assertThat(letter.retryable()).isTrue();
      CostEvent row = harness.costs().get(0);
      assertThat(row.getStatus()).isEqualTo(RequestStatus.dead_lettered);
      assertThat(row.getTotalUsd()).isEqualByComparingTo(BigDecimal.ZERO);
      assertThat(harness.inFlight()).isEmpty();
    }
  }

  private GenerateHarness harness(RemoteTarget... targets) throws Exception {
    AttemptLog log =
        new AttemptLog() {
          @Override
          public CompletableFuture<Void> record(Attempt attempt) {
            noted.add(attempt);
            return CompletableFuture.completedFuture(null);
          }

          @Override
          public void close() {}
        };
    // Prices of all times: the harness's clock is near 1970.
    Path catalogue =
        Files.writeString(
            directory.resolve("prices.json"),
            """
            {"gpt-4o": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05,
              "cache_read_input_token_cost": 1.25e-06},
             "claude-sonnet-4-5": {"input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05}}
            """);
    Prices prices = Prices.read(catalogue, null);
    return GenerateHarness.remote(
        new RemoteEngine(
            List.of(targets), log, 100, System::nanoTime, () -> 2_000_000, new Random(1)),
        Pricing.remote(
            "default",
            Map.of("default", prices.of("gpt-4o"), "other", prices.of("claude-sonnet-4-5"))));
  }

  private static RemoteTarget target(String model, RemoteProtocol protocol, ModelServer server) {
    Duration plenty = Duration.ofMinutes(2);
    return new RemoteTarget(
        model,
        protocol,
        URI.create(server.url()),
        "remote-" + model,
        Set.of(),
        ApiKey.NONE,
        new RemoteLimits(10, 0, plenty, plenty, plenty, plenty));
  }

  private static AdmittedPrompt prompt(long offset, String text) {
    return AdmittedPrompt.newBuilder(GenerateHarness.prompt(offset, text))
        .setPromptTokens(ByteBuffer.allocate(0))
        .setChat("{\"messages\": [{\"role\": \"user\", \"content\": \"" + text + "\"}]}")
        .build();
  }
}
