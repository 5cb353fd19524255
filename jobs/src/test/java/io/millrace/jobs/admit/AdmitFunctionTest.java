package io.millrace.jobs.admit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.kafka.PromptRecord;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.testing.FakeProfile;
import io.millrace.jobs.trace.TraceSpec;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.util.OutputTag;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdmitFunctionTest {
  private static final int SIZE_MAX = 1 << 16;
  private static final long NOW_MS = 5_000;

  private final OutputTag<AdmittedPrompt> small = tag("small");
  private final OutputTag<AdmittedPrompt> large = tag("large");
  private OneInputStreamOperatorTestHarness<PromptRecord, DeadLetter> flink;

  @BeforeEach
  void open() throws Exception {
    Configuration options = new Configuration();
    options.set(MillraceOptions.MODELS, List.of("small", "large"));
    options.set(MillraceOptions.PROMPT_SIZE_MAX, new MemorySize(SIZE_MAX));
    AdmissionSpec spec = new AdmissionSpec(options, (configuration, name) -> new FakeProfile(name));
    flink =
        new OneInputStreamOperatorTestHarness<>(
            new ProcessOperator<>(
                new AdmitFunction(spec, Map.of("small", small, "large", large), TraceSpec.OFF)));
    flink.setup(
        TypeInformation.of(DeadLetter.class)
            .createSerializer(flink.getExecutionConfig().getSerializerConfig()));
    flink.setProcessingTime(NOW_MS);
    flink.open();
  }

  @AfterEach
  void close() throws Exception {
    flink.close();
  }

  @Test
  void sendsEachPromptToItsModel() throws Exception {
    send(0, request("small", "hello"));
    send(1, request("large", "hello"));

    assertThat(prompts(small)).extracting(AdmittedPrompt::getOffset).containsExactly(0L);
    assertThat(prompts(large)).extracting(AdmittedPrompt::getOffset).containsExactly(1L);
    assertThat(prompts(small).get(0).getAdmittedMs()).isEqualTo(NOW_MS);
    assertThat(flink.extractOutputValues()).isEmpty();
  }

  @Test
  void buriesWhatCannotBeAnsweredWithAllThatCame() throws Exception {
    byte[] key = {1, 2};
    byte[] value = {(byte) 0xff, 0};
    flink.processElement(
        new StreamRecord<>(new PromptRecord("t", 3, 4, 0, key, value, "acme", "trace", "12")));

    assertThat(flink.extractOutputValues())
        .usingRecursiveFieldByFieldElementComparator()
        .containsExactly(
            new DeadLetter(
                key,
                value,
                "t",
                3,
                4,
                "acme",
                "trace",
                "12",
                "admit",
                "invalid_json",
                "not valid JSON at line 1, column 1",
                false));
  }

  @Test
  void buriesRecordsWithoutValueAndTooLargeOnes() throws Exception {
    send(0, null);
    send(1, new byte[0]);
    send(2, new byte[SIZE_MAX + 1]);

    assertThat(flink.extractOutputValues())
        .extracting(DeadLetter::code)
        .containsExactly("empty", "empty", "too_large");
    assertThat(flink.extractOutputValues().get(0).value()).isNull();
    assertThat(flink.extractOutputValues().get(2).value()).hasSize(SIZE_MAX + 1);
  }

  @Test
  void buriesAPromptThatAFaultOfOursStumblesOver() throws Exception {
    send(0, request("small", "CRASH with a secret"));
    send(1, request("small", "next"));

    DeadLetter letter = flink.extractOutputValues().get(0);
    assertThat(letter.code()).isEqualTo("internal_error");
    assertThat(letter.message())
        .isEqualTo("admission failed: IllegalStateException")
        .doesNotContain("secret");
    assertThat(letter.retryable()).isTrue();
    assertThat(prompts(small)).as("the next one goes on").hasSize(1);
  }

  @Test
  void losesNoRecordHoweverBad() throws Exception {
    Random random = new Random(3);
    byte[] valid = request("small", "hello");
    int count = 2_000;
    for (int i = 0; i < count; i++) {
      byte[] value = valid.clone();
      for (int change = random.nextInt(4); change > 0; change--) {
        value[random.nextInt(value.length)] = (byte) random.nextInt(256);
      }
      send(i, value);
    }
    assertThat(flink.extractOutputValues()).isNotEmpty();
    assertThat(prompts(small)).isNotEmpty();
    assertThat(flink.extractOutputValues().size() + prompts(small).size() + prompts(large).size())
        .isEqualTo(count);
  }

  private void send(long offset, byte[] value) throws Exception {
    flink.processElement(
        new StreamRecord<>(new PromptRecord("t", 0, offset, 0, null, value, null, null, null)));
  }

  private static byte[] request(String model, String content) {
    return ("{\"model\":\""
            + model
            + "\",\"messages\":[{\"role\":\"user\",\"content\":\""
            + content
            + "\"}]}")
        .getBytes(UTF_8);
  }

  private List<AdmittedPrompt> prompts(OutputTag<AdmittedPrompt> tag) {
    var records = flink.getSideOutput(tag);
    return records == null ? List.of() : records.stream().map(StreamRecord::getValue).toList();
  }

  private static OutputTag<AdmittedPrompt> tag(String name) {
    return new OutputTag<>(name, new AvroTypeInfo<>(AdmittedPrompt.class));
  }
}
