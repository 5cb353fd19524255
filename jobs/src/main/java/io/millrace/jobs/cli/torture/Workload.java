package io.millrace.jobs.cli.torture;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The prompts of a run, drawn from a seed: greedy, most with long answers, some plain extractions,
 * and some asked before.
 */
public final class Workload {
  private static final List<String> TENANTS = List.of("acme", "globex", "initech");

  /** One in so many repeats an earlier prompt: a follower, or an answer from the cache. */
  private static final int REPEATS_ONE_IN = 12;

  private static final int EARLIER_MAX = 200;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<String> messages;
  private final Random random;
  private final List<Prompt> earlier = new ArrayList<>();
  private int count;

  /**
   * A prompt to send.
   *
   * @param customId its own name
   * @param tenant who asks
   * @param body the chat completion request
   */
  record Prompt(String customId, String tenant, ObjectNode body) {

    /** As a line of an OpenAI batch file, so that the answer tells which prompt it belongs to. */
    byte[] line() {
      ObjectNode line = JSON.createObjectNode();
      line.put("custom_id", customId);
      line.put("method", "POST");
      line.put("url", "/v1/chat/completions");
      line.set("body", body);
      return line.toString().getBytes(StandardCharsets.UTF_8);
    }
  }

  /**
   * @param messages that the prompts are about
   */
  Workload(List<String> messages, long seed) {
    this.messages = List.copyOf(messages);
    this.random = new Random(seed);
  }

  /** The messages of a file of JSON lines. */
  public static List<String> messages(Path file) throws IOException {
    List<String> messages = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      messages.add(JSON.readTree(line).path("message").asText());
    }
    return messages;
  }

  /** Draws the next prompt. */
  Prompt next() {
    int number = count++;
    String customId = "prompt-" + number;
    if (!earlier.isEmpty() && random.nextInt(REPEATS_ONE_IN) == 0) {
      Prompt again = earlier.get(random.nextInt(earlier.size()));
      return new Prompt(customId, again.tenant(), again.body());
    }
    Prompt prompt = new Prompt(customId, TENANTS.get(random.nextInt(TENANTS.size())), body(number));
    if (earlier.size() == EARLIER_MAX) {
      earlier.set(random.nextInt(EARLIER_MAX), prompt);
    } else {
      earlier.add(prompt);
    }
    return prompt;
  }

  private ObjectNode body(int number) {
    String message = messages.get(random.nextInt(messages.size()));
    ObjectNode body = JSON.createObjectNode();
    body.put("temperature", 0);
    body.putArray("messages")
        .addObject()
        .put("role", "user")
        .put("content", "Case " + number + ". " + message);
    switch (random.nextInt(4)) {
      case 0 -> body.put("max_completion_tokens", 160); // as long as the model wants
      case 1 -> {
        // The automaton of a format is computed anew after a restore.
        body.put("guided_regex", "[A-Za-z][A-Za-z ,.]{" + (500 + 100 * random.nextInt(3)) + "}");
        body.put("max_completion_tokens", 500);
      }
      default -> {
        body.put("ignore_eos", true);
        body.put("max_completion_tokens", 300 + random.nextInt(300));
      }
    }
    return body;
  }
}
