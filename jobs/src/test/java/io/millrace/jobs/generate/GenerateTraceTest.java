package io.millrace.jobs.generate;

import static io.millrace.jobs.generate.GenerateHarness.START_MS;
import static io.millrace.jobs.generate.GenerateHarness.prompt;
import static io.millrace.jobs.testing.OtlpReceiver.attributes;
import static io.millrace.jobs.testing.OtlpReceiver.event;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.TokenOutput;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.jobs.testing.ForwardingEngine;
import io.millrace.jobs.testing.OtlpReceiver;
import io.millrace.jobs.trace.TraceSpec;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.Message;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.util.function.SerializableSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a receiver of traces sees of prompts that a generate task ends. */
class GenerateTraceTest {
  private static final int PLENTY = 1_000_000;
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String PARENT = "00f067aa0ba902b7";

  private final FakeEngine engine = new FakeEngine(0);
  private OtlpReceiver receiver;

  @BeforeEach
  void start() throws IOException {
    receiver = OtlpReceiver.start();
  }

  @AfterEach
  void stop() {
    receiver.close();
  }

  @Test
  void oneSpanTellsAllOfAPrompt() throws Exception {
    try (GenerateHarness harness = traced(null).open()) {
      AdmittedPrompt prompt = prompt(7, "hello");
      prompt.setCustomId("mine");
      harness.send(prompt);
      harness.flink.setProcessingTime(START_MS + 30);
      engine.allow(1);
      harness.runUntilEngineWaits();
      harness.flink.setProcessingTime(START_MS + 100);
      engine.allow(PLENTY);
      harness.runUntil(() -> harness.inFlight().isEmpty());
    }
    Span span = receiver.await(1).get(0);
    assertThat(span.getName()).isEqualTo("chat default");
    assertThat(span.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_INTERNAL);
    assertThat(span.getStartTimeUnixNano()).isEqualTo(MILLISECONDS.toNanos(START_MS));
    assertThat(span.getEndTimeUnixNano()).isEqualTo(MILLISECONDS.toNanos(START_MS + 100));
    assertThat(span.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_UNSET);
    assertThat(span.getLinksList()).isEmpty();
    assertThat(span.getParentSpanId()).isEqualTo(ByteString.EMPTY);
    assertThat(attributes(span))
        .containsEntry("gen_ai.operation.name", "chat")
        .containsEntry("gen_ai.provider.name", "millrace")
        .containsEntry("gen_ai.system", "millrace")
        .containsEntry("gen_ai.request.model", "default")
        .containsEntry("gen_ai.request.max_tokens", "100")
        .containsEntry("gen_ai.request.temperature", "0.0")
        .containsEntry("gen_ai.output.type", "text")
        .containsEntry("gen_ai.response.id", "chatcmpl-prompts-0-7")
        .containsEntry("gen_ai.response.model", "default")
        .containsEntry("gen_ai.response.finish_reasons", "[stop]")
        .containsEntry("gen_ai.response.time_to_first_chunk", "0.03")
        .containsEntry("gen_ai.usage.input_tokens", "5")
        .containsEntry("gen_ai.usage.output_tokens", "5")
        .containsEntry("langsmith.span.kind", "llm")
        .containsEntry(
            "langsmith.usage_metadata",
            "{\"input_tokens\":5,\"output_tokens\":5,\"total_tokens\":10,"
                + "\"input_token_details\":{\"cache_read\":0,\"cache_creation\":0},"
                + "\"output_token_details\":{\"reasoning\":0},"
                + "\"input_cost\":0.000000001,\"output_cost\":0.000000004,"
                + "\"total_cost\":0.000000005}")
        .containsEntry("langfuse.observation.type", "generation")
        .containsEntry("langfuse.observation.model.name", "default")
        .containsEntry(
            "langfuse.observation.cost_details",
            "{\"input\":0.000000001,\"output\":0.000000004,\"total\":0.000000005}")
        .containsEntry("langfuse.observation.completion_start_time", "1970-01-01T00:16:40.030Z")
        .containsEntry("millrace.cost_usd", "0.000000005")
        .containsEntry("millrace.custom_id", "mine")
        .containsEntry("millrace.tenant", "acme")
        .containsEntry("user.id", "acme")
        .containsEntry("millrace.status", "generated")
        .containsEntry("millrace.cached", "none")
        .containsEntry("messaging.destination.name", "prompts")
        .containsEntry("messaging.kafka.offset", "7")
        .doesNotContainKeys("gen_ai.input.messages", "gen_ai.output.messages", "error.type");
    assertThat(span.getEventsList())
        .extracting(Span.Event::getName)
        .containsExactly("queue", "prefill", "decode");
    assertThat(span.getEvents(1).getTimeUnixNano()).isEqualTo(MILLISECONDS.toNanos(START_MS + 30));
    assertThat(event(span, "queue")).containsEntry("millrace.duration_ms", "30");
    assertThat(event(span, "prefill"))
        .containsEntry("millrace.tokens", "5")
        .containsEntry("millrace.device_nanos", "1000");
    assertThat(event(span, "decode"))
        .containsEntry("millrace.duration_ms", "70")
        .containsEntry("millrace.tokens", "5")
        .containsEntry("millrace.device_nanos", "4000");
    assertThat(receiver.received("hello")).isFalse();
    assertThat(receiver.received("HELLO")).isFalse();
    assertThat(receiver.requests.get(0).getResourceSpans(0).getResource().getAttributesList())
        .anyMatch(a -> a.getKey().equals("service.name") && a.toString().contains("millrace"));
  }

  @Test
  void everyFinalRowHasASpanWithItsNumbers() throws Exception {
    Map<String, CostEvent> rows = new TreeMap<>();
    try (GenerateHarness harness = traced(null).open()) {
      harness.send(prompt(0, "answered"), prompt(1, "answered"), prompt(2, "will FAIL"));
      harness.send(prompt(3, "REFUSE"));
      AdmittedPrompt late = prompt(4, "late already");
      late.setDeadlineMs(START_MS);
      harness.send(late);
      engine.allow(PLENTY);
      harness.runUntil(() -> harness.inFlight().isEmpty());
      harness.send(prompt(5, "answered"));
      harness.costs().forEach(row -> rows.put(row.getRequestId(), row));
    }
    Map<String, Span> spans = new TreeMap<>();
    receiver.await(6).forEach(s -> spans.put(attributes(s).get("millrace.request_id"), s));
    assertThat(receiver.spans).hasSize(6);
    assertThat(spans).containsOnlyKeys(rows.keySet());
    rows.forEach(
        (id, row) ->
            assertThat(attributes(spans.get(id)))
                .as(id)
                .containsEntry("millrace.status", row.getStatus().name())
                .containsEntry("millrace.cached", row.getCached().name())
                .containsEntry("millrace.cost_usd", plain(row.getTotalUsd()))
                .containsEntry("gen_ai.usage.output_tokens", "" + row.getOutputTokens()));
    assertThat(rows.keySet().stream().map(id -> attributes(spans.get(id)).get("millrace.status")))
        .containsExactly(
            "generated", "coalesced", "dead_lettered", "dead_lettered", "expired", "hit");
    assertThat(rows.keySet().stream().map(id -> attributes(spans.get(id)).get("error.type")))
        .containsExactly(null, null, "engine_error", "engine_rejected", "expired", null);
    assertThat(spans.get("prompts-0-2").getStatus().getCode())
        .isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
    assertThat(spans.get("prompts-0-2").getStatus().getMessage()).isEmpty();
    assertThat(attributes(spans.get("prompts-0-5")))
        .containsEntry("millrace.saved.dedup_usd", plain(rows.get("prompts-0-0").getTotalUsd()));
    assertThat(spans.get("prompts-0-5").getEventsList()).as("no engine ran").isEmpty();
  }

  @Test
  void continuesTheProducersTraceIfThatIsSampled() throws Exception {
    try (GenerateHarness harness = traced(null, 0).open()) {
      harness.send(
          from(0, "00-" + TRACE + "-" + PARENT + "-01"),
          from(1, "00-" + TRACE + "-" + PARENT + "-00"),
          from(2, "00-not-a-trace"),
          from(3, null));
      engine.allow(PLENTY);
      harness.runUntil(() -> harness.inFlight().isEmpty());
    }
    assertThat(receiver.spans).as("of traces that begin here, none is sampled").hasSize(1);
    Span span = receiver.spans.get(0);
    assertThat(attributes(span)).containsEntry("millrace.request_id", "prompts-0-0");
    assertThat(hex(span.getTraceId())).isEqualTo(TRACE);
    assertThat(hex(span.getParentSpanId())).isEqualTo(PARENT);
    assertThat(hex(span.getLinks(0).getTraceId())).isEqualTo(TRACE);
    assertThat(hex(span.getLinks(0).getSpanId())).isEqualTo(PARENT);
  }

  @Test
  void whatARestartRepeatsHasTheSameIds() throws Exception {
    OperatorSubtaskState checkpoint;
    try (GenerateHarness harness = traced(null).open()) {
      harness.send(prompt(0, "twice"), prompt(1, "another"));
      engine.allow(2);
      harness.runUntilEngineWaits();
      checkpoint = harness.flink.snapshot(1, START_MS);
      engine.allow(PLENTY);
      harness.runUntil(() -> harness.inFlight().isEmpty());
    }
    FakeEngine next = new FakeEngine(PLENTY);
    try (GenerateHarness harness = GenerateHarness.traced(next, next, spec(null, 1))) {
      harness.restore(checkpoint);
      harness.runUntil(() -> harness.inFlight().isEmpty());
    }
    List<Span> spans = receiver.await(4);
    assertThat(spans.stream().map(Span::getSpanId).distinct()).hasSize(2);
    assertThat(spans.stream().map(Span::getTraceId).distinct()).hasSize(2);
    assertThat(spans.stream().map(s -> attributes(s).get("millrace.cost_usd")).distinct())
        .as("what it tells is the same, too")
        .hasSize(2);
  }

  @Test
  void draftsAreAnEvent() throws Exception {
    ForwardingEngine drafting =
        new ForwardingEngine(engine) {
          @Override
          public List<GenerationUpdate> step() {
            return super.step().stream().map(GenerateTraceTest::drafted).toList();
          }
        };
    try (GenerateHarness harness = GenerateHarness.traced(engine, drafting, spec(null, 1)).open()) {
      harness.send(prompt(0, "drafts"));
      engine.allow(PLENTY);
      harness.runUntil(() -> harness.inFlight().isEmpty());
    }
    Span span = receiver.await(1).get(0);
    assertThat(event(span, "speculation"))
        .containsEntry("millrace.drafted_tokens", "18")
        .containsEntry("millrace.accepted_tokens", "6");
    assertThat(attributes(span)).containsKey("millrace.saved.speculation_usd");
  }

  @Test
  void textsAreThereOnlyIfAskedForAndUpToALength() throws Exception {
    SerializableSupplier<Function<AdmittedPrompt, List<Message>>> messages =
        () -> p -> List.of(message("system", "be \"brief\""), message("user", "x".repeat(200)));
    try (GenerateHarness harness = traced(messages).open()) {
      harness.send(prompt(0, "y".repeat(90)));
      engine.allow(PLENTY);
      harness.runUntil(() -> harness.inFlight().isEmpty());
    }
    Map<String, String> attributes = attributes(receiver.await(1).get(0));
    assertThat(attributes.get("gen_ai.input.messages"))
        .startsWith(
            "[{\"role\":\"system\",\"parts\":[{\"type\":\"text\",\"content\":\"be \\\"brief\\\"\"}]},"
                + "{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"xxx")
        .hasSizeLessThan(250);
    assertThat(attributes.get("gen_ai.output.messages"))
        .startsWith("[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"YYY")
        .endsWith("\"finish_reason\":\"stop\"}]");
    assertThat(attributes).containsEntry("millrace.text_cut", "true");
  }

  private GenerateHarness traced(
      SerializableSupplier<Function<AdmittedPrompt, List<Message>>> messages) throws Exception {
    return GenerateHarness.traced(engine, engine, spec(messages, 1));
  }

  private GenerateHarness traced(
      SerializableSupplier<Function<AdmittedPrompt, List<Message>>> messages, double ratio)
      throws Exception {
    return GenerateHarness.traced(engine, engine, spec(messages, ratio));
  }

  private TraceSpec spec(
      SerializableSupplier<Function<AdmittedPrompt, List<Message>>> messages, double ratio) {
    return new TraceSpec(
        List.of(new TraceSpec.Exporter("test", receiver.endpoint(), null, null)),
        ratio,
        messages,
        100,
        1000,
        Duration.ofSeconds(30),
        Duration.ofSeconds(30));
  }

  private static AdmittedPrompt from(long offset, String traceparent) {
    AdmittedPrompt prompt = prompt(offset, "prompt " + offset);
    prompt.setTraceparent(traceparent);
    return prompt;
  }

  private static Message message(String role, String content) {
    return Message.newBuilder().setRole(role).setContent(content).build();
  }

  /** As if a draft of three tokens had been verified, its first accepted. */
  private static GenerationUpdate drafted(GenerationUpdate update) {
    return new GenerationUpdate(
        update.requestId(),
        update.tokens().stream()
            .map(t -> new TokenOutput(t.id(), t.logprob(), t.alternatives(), true))
            .toList(),
        update.text(),
        update.finishReason(),
        update.error(),
        update.cachedPromptTokens(),
        update.computedTokens(),
        update.deviceNanos(),
        3,
        1,
        700);
  }

  private static String hex(ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }

  private static String plain(BigDecimal usd) {
    return usd.stripTrailingZeros().toPlainString();
  }
}
