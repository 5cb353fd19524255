package io.millrace.jobs.cli.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrafficTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path directory;

  @Test
  void repeatsMuchAndTheSameAgain() throws IOException {
    List<Traffic.Ask> asks = Stream.generate(traffic()::ordinary).limit(500).toList();
    assertThat(asks).isEqualTo(Stream.generate(traffic()::ordinary).limit(500).toList());
    assertThat(asks.stream().distinct().count()).isBetween(50L, 400L);
    assertThat(asks.stream().map(Traffic.Ask::tenant).collect(Collectors.toSet()))
        .containsExactlyInAnyOrderElementsOf(Traffic.TENANTS);
  }

  @Test
  void theWildTenantNeverRepeatsItself() throws IOException {
    Traffic traffic = traffic();
    List<Traffic.Ask> asks = Stream.generate(traffic::wild).limit(100).toList();
    assertThat(asks).doesNotHaveDuplicates();
    assertThat(asks).allMatch(ask -> ask.tenant().equals(Traffic.WILD_TENANT));
    JsonNode line = JSON.readTree(traffic.line("demo-1", asks.get(0).body()));
    assertThat(line.path("custom_id").asText()).isEqualTo("demo-1");
    assertThat(line.at("/body/messages/0/content").asText()).startsWith("Case 1.");
  }

  @Test
  void anAnswerIsRightWhenItsObjectIs() throws IOException {
    Sample sample = samples().get(3);
    assertThat(sample.isRight("{ \"reply\": \"yes 3\", \"category\": \"c\" }")).isTrue();
    assertThat(sample.isRight("{\"category\": \"c\", \"reply\": \"yes 4\"}")).isFalse();
    assertThat(sample.isRight("{\"category\": ")).isFalse();
  }

  private Traffic traffic() throws IOException {
    return new Traffic(samples(), 1);
  }

  private List<Sample> samples() throws IOException {
    List<String> lines =
        IntStream.range(0, 2_000)
            .mapToObj(
                i ->
                    "{\"id\": \"s\", \"message\": \"message "
                        + i
                        + "\", \"answer\": {\"category\": \"c\", \"reply\": \"yes "
                        + i
                        + "\"}}")
            .toList();
    return Sample.read(Files.write(directory.resolve("samples.jsonl"), lines));
  }
}
