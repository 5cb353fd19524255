package io.millrace.jobs.cli.lines;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinesTest {

  @Test
  void keepsBytesAndNumbersOfLines() throws IOException {
    List<InputLine> lines = read("one\n\ntwo\r\nthree");
    assertThat(lines)
        .extracting(line -> new String(line.bytes(), StandardCharsets.UTF_8))
        .containsExactly("one", "", "two", "three");
    assertThat(lines).extracting(InputLine::number).containsExactly(1L, 2L, 3L, 4L);
    assertThat(lines).extracting(InputLine::blank).containsExactly(false, true, false, false);
    assertThat(read("")).isEmpty();
    assertThat(read("\n")).hasSize(1);
  }

  @Test
  void ofALineThatIsTooLongOnlyItsLengthIsKept() throws IOException {
    List<InputLine> lines = read("0123456789\n01234567890\nok\n");
    assertThat(lines.get(0).bytes()).hasSize(10);
    assertThat(lines.get(1).bytes()).isNull();
    assertThat(lines.get(1).length()).isEqualTo(11);
    assertThat(lines.get(1).blank()).isFalse();
    assertThat(lines.get(2).number()).isEqualTo(3);
  }

  @Test
  void writesOpenAiBatchLines() {
    byte[] answer = BatchLines.answer("a \"1\"", "t-0-5", utf8("{\"object\":\"chat.completion\"}"));
    assertThat(answer)
        .asString(StandardCharsets.UTF_8)
        .isEqualTo(
            "{\"id\":\"batch_req_t-0-5\",\"custom_id\":\"a \\\"1\\\"\",\"response\":"
                + "{\"status_code\":200,\"request_id\":\"t-0-5\",\"body\":"
                + "{\"object\":\"chat.completion\"}},\"error\":null}\n");
    byte[] error =
        BatchLines.error(null, "t-0-6", 7, new LineError("invalid_json", "not valid JSON"));
    assertThat(error)
        .asString(StandardCharsets.UTF_8)
        .isEqualTo(
            "{\"id\":\"batch_req_t-0-6\",\"custom_id\":null,\"response\":null,\"error\":"
                + "{\"code\":\"invalid_json\",\"message\":\"line 7: not valid JSON\",\"line\":7}}\n");
  }

  private static List<InputLine> read(String text) throws IOException {
    List<InputLine> lines = new ArrayList<>();
    try (InputLines in = new InputLines(new ByteArrayInputStream(utf8(text)), 10)) {
      for (InputLine line = in.next(); line != null; line = in.next()) {
        lines.add(line);
      }
    }
    return lines;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
