package io.millrace.engine.remote;

import static io.millrace.engine.remote.ScriptedServer.status;
import static io.millrace.engine.remote.ScriptedServer.stream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.engine.ChatRequest;
import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.RemoteOutcome;
import io.millrace.engine.RemoteUsage;
import io.millrace.engine.RequestRejectedException;
import io.millrace.engine.SamplingParams;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a real HTTP server; time is the test's own. */
@Timeout(120)
class RemoteEngineTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String KEY = "sk-secret-0123456789";
  private static final String CHAT =
      """
      {"messages": [{"role": "user", "content": "Hi"}], "temperature": 0,
       "max_completion_tokens": 50}
      """;
  private static final String REFUSED = "{\"error\": {\"message\": \"no\", \"type\": \"x\"}}";

  @TempDir Path directory;

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1_000_000_000L);
  private final List<Attempt> noted = new CopyOnWriteArrayList<>();
  private final List<AutoCloseable> open = new ArrayList<>();
  private CompletableFuture<Void> note = CompletableFuture.completedFuture(null);

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable opened : open) {
      opened.close();
    }
  }

  @Test
  void anAnswerComesWholeWithWhatItIsBilledFor() throws Exception {
    ScriptedServer server = server(stream(Streams.OPENAI));
    RemoteEngine engine = engine(openAi(server, 0));
    engine.submit(request("q"));

    GenerationUpdate end = end(engine);

    assertThat(end.text()).isEqualTo("Grüße from afar");
    assertThat(end.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(end.remote().usage()).isEqualTo(new RemoteUsage(1200, 1024, 0, 0, 30, 20));
    assertThat(end.remote().costKnown()).isTrue();
    assertThat(end.remote().responseModel()).isEqualTo("gpt-4o-2024-08-06");
    assertThat(end.remote().serviceTier()).isEqualTo("default");
    assertThat(end.remote().model()).isEqualTo("primary");
    assertThat(end.remote().backend()).isEqualTo("openai");
    assertThat(end.remote().attempt()).isZero();
    assertThat(end.remote().firstTokenMs()).isPositive();
    assertThat(engine.hasWork()).isFalse();

    ScriptedServer.Call call = server.calls.get(0);
    assertThat(call.path()).isEqualTo("/v1/chat/completions");
    assertThat(call.header("Authorization")).isEqualTo("Bearer " + KEY);
    JsonNode body = JSON.readTree(call.body());
    assertThat(body.path("model").asText()).isEqualTo("gpt-4o");
    assertThat(body.path("stream").asBoolean()).isTrue();
    assertThat(body.at("/stream_options/include_usage").asBoolean()).isTrue();
    assertThat(body.path("messages")).isEqualTo(JSON.readTree(CHAT).path("messages"));
    assertThat(noted)
        .extracting(Attempt::requestId, Attempt::attempt, Attempt::outputTokensMax)
        .containsExactly(org.assertj.core.groups.Tuple.tuple("q", 0, 50));
  }

  @Test
  void serversDifferInTheirStreams() throws Exception {
    ScriptedServer server =
        server(stream(Streams.VLLM), stream(Streams.LLAMA_CPP), stream(Streams.OPENAI_TOOLS));
    RemoteEngine engine = engine(openAi(server, 0));

    GenerationUpdate vllm = answer(engine, "v");
    assertThat(vllm.text()).isEqualTo("Four.");
    assertThat(vllm.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(vllm.remote().usage()).isEqualTo(new RemoteUsage(9, 0, 0, 0, 8, 0));

    GenerationUpdate llama = answer(engine, "l");
    assertThat(llama.text()).isEqualTo("Hello");
    assertThat(llama.remote().usage()).isEqualTo(new RemoteUsage(11, 0, 0, 0, 2, 0));

    GenerationUpdate tools = answer(engine, "t");
    assertThat(tools.finishReason()).isEqualTo(FinishReason.TOOL_CALLS);
    assertThat(JSON.readTree(tools.remote().toolCalls()))
        .isEqualTo(
            JSON.readTree(
                """
                [{"id": "call_1", "type": "function",
                  "function": {"name": "get_weather", "arguments": "{\\"city\\":\\"Bern\\"}"}},
                 {"id": "call_2", "type": "function",
                  "function": {"name": "now", "arguments": "{}"}}]
                """));
  }

  @Test
  void anthropicsMessages() throws Exception {
    ScriptedServer server = server(stream(Streams.ANTHROPIC), stream(Streams.ANTHROPIC_TOOLS));
    RemoteEngine engine =
        engine(target("claude", new AnthropicProtocol(), server.url(), 0, Set.of("top_p")));

    GenerationUpdate text = answer(engine, "a");
    assertThat(text.text()).isEqualTo("Hello!");
    assertThat(text.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(text.remote().usage()).isEqualTo(new RemoteUsage(1325, 1000, 200, 100, 15, 0));
    assertThat(text.remote().serviceTier()).isEqualTo("standard");
    assertThat(server.calls.get(0).path()).isEqualTo("/v1/messages");
    assertThat(server.calls.get(0).header("X-api-key")).isEqualTo(KEY);
    assertThat(server.calls.get(0).header("Anthropic-version")).isEqualTo("2023-06-01");

    GenerationUpdate tools = answer(engine, "b");
    assertThat(tools.text()).isEqualTo("I look.");
    assertThat(tools.finishReason()).isEqualTo(FinishReason.TOOL_CALLS);
    assertThat(JSON.readTree(tools.remote().toolCalls()).at("/0/function/arguments").asText())
        .isEqualTo("{\"city\": \"Bern\"}");
    assertThat(tools.remote().usage()).isEqualTo(new RemoteUsage(400, 0, 0, 0, 60, 0));
  }

  @Test
  void noCallIsMadeBeforeItsNoteIsSafe() throws Exception {
    ScriptedServer server = server(stream(Streams.OPENAI));
    note = new CompletableFuture<>();
    RemoteEngine engine = engine(openAi(server, 0));
    engine.submit(request("q"));
    List<GenerationUpdate> begun = engine.step();

    assertThat(begun).hasSize(1);
    assertThat(begun.get(0).finished()).isFalse();
    assertThat(begun.get(0).remote().attempt()).isZero();
    assertThat(engine.step()).isEmpty();
    assertThat(server.calls).isEmpty();

    note.complete(null);
    assertThat(end(engine).text()).isEqualTo("Grüße from afar");
  }

  @Test
  void aCallThatCannotBeNotedIsNotMade() throws Exception {
    ScriptedServer server = server(stream(Streams.OPENAI));
    note = CompletableFuture.failedFuture(new IllegalStateException("no broker"));
    RemoteEngine engine = engine(openAi(server, 1));
    engine.submit(request("q"));

    GenerationUpdate end = end(engine);

    assertThat(end.finishReason()).isEqualTo(FinishReason.ERROR);
    assertThat(end.remote().failure())
        .isEqualTo(new RemoteOutcome.Failure("attempt_not_recorded", true));
    assertThat(end.remote().costKnown()).isTrue();
    assertThat(server.calls).isEmpty();
    assertThat(noted).extracting(Attempt::attempt).containsExactly(0, 1);
  }

  @Test
  void whatPassesIsTriedAgainAndCounted() throws Exception {
    ScriptedServer server =
        server(
            status(500, REFUSED),
            status(529, REFUSED),
            status(503, ""),
            exchange -> exchange.close(),
            stream(Streams.OPENAI));
    RemoteEngine engine = engine(openAi(server, 4));
    engine.submit(
        new GenerationRequest(
            "q",
            new int[0],
            SamplingParams.greedy(50),
            0,
            List.of(),
            "",
            "",
            GenerationRequest.NO_DEADLINE,
            new ChatRequest(CHAT),
            7));

    GenerationUpdate end = end(engine);

    assertThat(end.text()).isEqualTo("Grüße from afar");
    assertThat(end.remote().attempt()).isEqualTo(11);
    assertThat(server.calls).hasSize(5);
    assertThat(noted).extracting(Attempt::attempt).containsExactly(7, 8, 9, 10, 11);
  }

  @Test
  void retriesAreBounded() throws Exception {
    ScriptedServer server = server(status(500, REFUSED), status(500, REFUSED));
    RemoteEngine engine = engine(openAi(server, 1));

    GenerationUpdate end = answer(engine, "q");

    assertThat(end.finishReason()).isEqualTo(FinishReason.ERROR);
    assertThat(end.error())
        .isEqualTo("model primary: the server answered 500: no (the last of 2 calls)");
    assertThat(end.remote().failure()).isEqualTo(new RemoteOutcome.Failure("remote_failed", true));
    assertThat(end.remote().costKnown()).isTrue();
    assertThat(server.calls).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "Thu, 01 Jan 1970 00:16:47 GMT"})
  void retryAfterIsWaitedForByAll(String retryAfter) throws Exception {
    ScriptedServer server =
        server(
            status(429, REFUSED, "Retry-After", retryAfter),
            stream(Streams.OPENAI),
            stream(Streams.OPENAI));
    RemoteEngine engine = engine(openAi(server, 1));
    engine.submit(request("q"));
    stepUntil(engine, () -> server.calls.size() == 1 && engine.stats().running() == 0);
    engine.submit(request("another"));
    advance(Duration.ofMillis(6_900));
    assertThat(engine.step()).isEmpty();
    assertThat(server.calls).hasSize(1);

    advance(Duration.ofSeconds(1));
    List<GenerationUpdate> ends = new ArrayList<>();
    while (ends.size() < 2) {
      engine.step().stream().filter(GenerationUpdate::finished).forEach(ends::add);
    }
    assertThat(ends).allMatch(end -> end.finishReason() == FinishReason.STOP);
    assertThat(engine.stats().rateLimited()).isEqualTo(1);
    assertThat(engine.stats().retries()).isEqualTo(1);
  }

  @Test
  void aWaitThatIsTooLongIsNotWaited() throws Exception {
    ScriptedServer server = server(status(429, REFUSED, "Retry-After", "3600"));
    GenerationUpdate end = answer(engine(openAi(server, 5)), "q");
    assertThat(end.remote().failure())
        .isEqualTo(new RemoteOutcome.Failure("remote_overloaded", true));
  }

  @Test
  void whatIsRefusedIsNotTriedAgain() throws Exception {
    ScriptedServer server =
        server(
            status(400, "{\"error\": {\"message\": \"bad field\", \"code\": null}}"),
            status(400, "{\"error\": {\"message\": \"x\", \"code\": \"context_length_exceeded\"}}"),
            status(400, "{\"error\": {\"code\": 400, \"type\": \"exceed_context_size_error\"}}"),
            status(401, "{\"error\": {\"message\": \"wrong key " + KEY + "\"}}"),
            status(302, "", "Location", "http://127.0.0.1:1/elsewhere"),
            status(404, "{\"error\": {\"message\": \"model: nope " + KEY + "\"}}"));
    RemoteEngine engine = engine(openAi(server, 5));
    List<String> codes = new ArrayList<>();
    for (String id : List.of("a", "b", "c", "d", "e", "f")) {
      GenerationUpdate end = answer(engine, id);
      assertThat(end.finishReason()).isEqualTo(FinishReason.ERROR);
      assertThat(end.remote().failure().retryable()).isFalse();
      assertThat(end.error()).doesNotContain(KEY).startsWith("model primary: ");
      codes.add(end.remote().failure().code());
    }
    assertThat(codes)
        .containsExactly(
            "remote_refused",
            "context_length_exceeded",
            "context_length_exceeded",
            "remote_unauthorized",
            "remote_misconfigured",
            "remote_misconfigured");
    assertThat(server.calls).hasSize(6);
  }

  @Test
  void brokenAnswersAreTriedAgainAndMayHaveCost() throws Exception {
    String begun = Streams.OPENAI.substring(0, Streams.OPENAI.indexOf(" from afar"));
    String longLine = "data: \"" + "x".repeat(RemoteLimits.LINE_BYTES_MAX) + "\"\n\n";
    String failed = "data: {\"error\": {\"message\": \"out of memory\", \"code\": 500}}\n\n";
    ScriptedServer server =
        server(
            stream(begun),
            stream("data: {\"choices\": [}\n\n"),
            stream(longLine),
            stream(failed),
            stream("data: " + "[".repeat(1000) + "\n\n"),
            stream(""));
    RemoteEngine engine = engine(openAi(server, 5));

    GenerationUpdate end = answer(engine, "q");

    assertThat(server.calls).hasSize(6);
    assertThat(end.text()).isEmpty();
    assertThat(end.remote().failure())
        .isEqualTo(new RemoteOutcome.Failure("remote_broken_answer", true));
    assertThat(end.remote().costKnown()).isFalse();
  }

  @Test
  void commentsAndOddLineEndsAreNoHarm() throws Exception {
    String odd =
        ": OPENROUTER PROCESSING\r\n\r\n:\n\nretry: 10\n"
            + Streams.OPENAI.replace("\n", "\r\n").replace("data: [DONE]", ": end");
    GenerationUpdate end = answer(engine(openAi(server(stream(odd)), 0)), "q");
    assertThat(end.text()).isEqualTo("Grüße from afar");
    assertThat(end.remote().usage()).isNotNull();
  }

  @Test
  void anAnswerWithoutUsageHasNoKnownCost() throws Exception {
    String untold = Streams.OPENAI.replace("\"prompt_tokens\":1200", "\"prompt_tokens\":-1");
    GenerationUpdate end = answer(engine(openAi(server(stream(untold)), 0)), "q");
    assertThat(end.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(end.remote().usage()).isNull();
    assertThat(end.remote().costKnown()).isFalse();
  }

  @Test
  void silenceIsNotWaitedFor() throws Exception {
    ScriptedServer server = server();
    server.then(server.hanging(""));
    server.then(server.hanging(Streams.OPENAI.substring(0, 700)));
    RemoteEngine engine = engine(openAi(server, 1));
    engine.submit(request("q"));
    for (int calls = 1; calls <= 2; calls++) {
      int made = calls;
      stepUntil(engine, () -> server.calls.size() == made && engine.stats().running() == 1);
      advance(Duration.ofSeconds(61));
      stepUntil(engine, () -> engine.stats().running() == 0);
      advance(Duration.ofSeconds(60));
    }
    GenerationUpdate end = last;
    assertThat(end.error()).contains("nothing came from the server for PT1M");
    assertThat(end.remote().failure()).isEqualTo(new RemoteOutcome.Failure("remote_timeout", true));
    assertThat(end.remote().costKnown()).isFalse();
  }

  @Test
  void aStreamThatIsNotClosedAfterItsEndIsAnAnswer() throws Exception {
    ScriptedServer server = server();
    server.then(server.hanging(Streams.OPENAI));
    RemoteEngine engine = engine(openAi(server, 0));
    engine.submit(request("q"));
    stepUntil(
        engine,
        () -> {
          advance(Duration.ofSeconds(1));
          return last != null && last.finished();
        });
    assertThat(last.text()).isEqualTo("Grüße from afar");
  }

  @Test
  void deadlinesAndCancellationsEndCalls() throws Exception {
    ScriptedServer server = server();
    server.then(server.hanging(""));
    server.then(server.hanging(""));
    RemoteEngine engine = engine(openAi(server, 3));
    engine.submit(
        new GenerationRequest(
            "late",
            new int[0],
            SamplingParams.greedy(5),
            0,
            List.of(),
            "",
            "",
            2_000_000,
            new ChatRequest(CHAT),
            0));
    engine.submit(request("unwanted"));
    stepUntil(engine, () -> server.calls.size() == 2);
    assertThat(engine.cancel("unwanted")).isTrue();
    assertThat(engine.cancel("unknown")).isFalse();
    assertThat(end(engine).finishReason()).isEqualTo(FinishReason.CANCELLED);
    advance(Duration.ofSeconds(2_000));
    GenerationUpdate late = end(engine);
    assertThat(late.finishReason()).isEqualTo(FinishReason.EXPIRED);
    assertThat(late.remote().costKnown()).isFalse();
    assertThat(engine.hasWork()).isFalse();
  }

  @Test
  void anotherModelAnswersWhereTheFirstDoesNot() throws Exception {
    ScriptedServer down = server(status(500, REFUSED), status(403, REFUSED), status(400, REFUSED));
    ScriptedServer up = server(stream(Streams.ANTHROPIC), stream(Streams.ANTHROPIC));
    RemoteEngine engine =
        engine(openAi(down, 0), target("claude", new AnthropicProtocol(), up.url(), 0, Set.of()));

    GenerationUpdate failed = answer(engine, "failed");
    assertThat(failed.text()).isEqualTo("Hello!");
    assertThat(failed.remote().model()).isEqualTo("claude");
    assertThat(failed.remote().backend()).isEqualTo("anthropic");
    assertThat(failed.remote().attempt()).isEqualTo(1);
    assertThat(answer(engine, "unauthorized").remote().model()).isEqualTo("claude");

    GenerationUpdate refused = answer(engine, "refused");
    assertThat(refused.finishReason()).isEqualTo(FinishReason.ERROR);
    assertThat(up.calls).hasSize(2);
  }

  @Test
  void callsAtOnceAndRequestsThatWaitAreBounded() throws Exception {
    ScriptedServer server = server();
    for (int i = 0; i < 8; i++) {
      server.then(stream(Streams.OPENAI));
    }
    RemoteEngine engine = engine(openAi(server, 0));
    for (int i = 0; i < 8; i++) {
      engine.submit(request("q" + i));
    }
    assertThatThrownBy(() -> engine.submit(request("one more")))
        .isInstanceOfSatisfying(
            RequestRejectedException.class, e -> assertThat(e.retryable()).isTrue());
    int ends = 0;
    while (ends < 8) {
      ends += (int) engine.step().stream().filter(GenerationUpdate::finished).count();
      assertThat(engine.stats().running()).isLessThanOrEqualTo(3);
    }
    assertThat(server.mostAtOnce.get()).isLessThanOrEqualTo(3);
    assertThat(engine.stats().outputTokens()).isEqualTo(240);
  }

  @Test
  void aServerThatIsNotThereCostsNothing() throws Exception {
    ScriptedServer gone = server();
    URI url = gone.url();
    gone.close();
    GenerationUpdate end =
        answer(engine(target("primary", new OpenAiProtocol(), url, 1, Set.of())), "q");
    assertThat(end.remote().failure())
        .isEqualTo(new RemoteOutcome.Failure("remote_unreachable", true));
    assertThat(end.remote().costKnown()).isTrue();
  }

  @Test
  void keysAreShownToNobody() throws Exception {
    Path file = Files.writeString(directory.resolve("key"), KEY + "\n");
    ApiKey key = ApiKey.fromFile(file);
    assertThat(key.toString()).isEqualTo("***");
    assertThat(openAi(server(), 0).toString()).doesNotContain(KEY);
    assertThat(ApiKey.fromEnvironment(Map.of("K", KEY), "K").toString()).doesNotContain(KEY);
    assertThatThrownBy(() -> ApiKey.fromEnvironment(Map.of(), "OPENAI_API_KEY"))
        .hasMessage("the environment's variable OPENAI_API_KEY is not set");
    Path wrong = Files.writeString(directory.resolve("wrong"), "two words");
    assertThatThrownBy(() -> ApiKey.fromFile(wrong)).hasMessageNotContaining("two words");
  }

  // The last update of any request.
  private GenerationUpdate last;

  private ScriptedServer server(ScriptedServer.Reply... replies) throws Exception {
    ScriptedServer server = new ScriptedServer(replies);
    open.add(server);
    return server;
  }

  private RemoteTarget openAi(ScriptedServer server, int retriesMax) {
    return target("primary", new OpenAiProtocol(), server.url(), retriesMax, Set.of());
  }

  private static RemoteTarget target(
      String model, RemoteProtocol protocol, URI url, int retriesMax, Set<String> unsent) {
    return new RemoteTarget(
        model,
        protocol,
        url,
        "gpt-4o",
        unsent,
        ApiKey.fromEnvironment(Map.of("K", KEY), "K"),
        new RemoteLimits(
            3,
            retriesMax,
            Duration.ofSeconds(20),
            Duration.ofSeconds(60),
            Duration.ofMinutes(10),
            Duration.ofSeconds(60)));
  }

  private RemoteEngine engine(RemoteTarget... targets) {
    AttemptLog log =
        new AttemptLog() {
          @Override
          public CompletableFuture<Void> record(Attempt attempt) {
            noted.add(attempt);
            return note;
          }

          @Override
          public void close() {}
        };
    RemoteEngine engine =
        new RemoteEngine(List.of(targets), log, 8, nanos::get, () -> epochMs(), new Random(1));
    open.add(0, engine);
    return engine;
  }

  /** 1000 s after 1970 when a test begins. */
  private long epochMs() {
    return 1_000_000 + (nanos.get() - (Long.MAX_VALUE - 1_000_000_000L)) / 1_000_000;
  }

  private void advance(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private static GenerationRequest request(String id) {
    return new GenerationRequest(
        id,
        new int[0],
        SamplingParams.greedy(50),
        0,
        List.of(),
        "",
        "",
        GenerationRequest.NO_DEADLINE,
        new ChatRequest(CHAT),
        0);
  }

  private GenerationUpdate answer(RemoteEngine engine, String id) throws Exception {
    engine.submit(request(id));
    GenerationUpdate end = end(engine);
    assertThat(end.requestId()).isEqualTo(id);
    return end;
  }

  /** Steps until a request has ended; retries wait no real time. */
  private GenerationUpdate end(RemoteEngine engine) {
    stepUntil(
        engine,
        () -> {
          if (engine.stats().running() == 0) {
            advance(Duration.ofSeconds(31));
          }
          return last != null && last.finished();
        });
    GenerationUpdate end = last;
    last = null;
    return end;
  }

  private void stepUntil(RemoteEngine engine, BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      for (GenerationUpdate update : engine.step()) {
        if (update.finished()) {
          assertThat(last == null || !last.finished()).isTrue();
          last = update;
        }
      }
    }
  }
}
