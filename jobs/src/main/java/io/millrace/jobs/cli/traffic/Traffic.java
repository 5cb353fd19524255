package io.millrace.jobs.cli.traffic;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/**
 * Who asks what. Tenants of different size draw from the same kind of messages, a few of which are
 * asked again and again; and one tenant can go wild, with long prompts that never repeat.
 */
public final class Traffic {
  /** From the largest to the smallest. */
  public static final List<String> TENANTS = List.of("webshop", "marketplace", "rentals", "outlet");

  /** The tenant that goes wild. */
  public static final String WILD_TENANT = "rentals";

  /** Messages that a tenant's customers choose from. */
  private static final int MESSAGES_PER_TENANT = 400;

  /** Messages that a wild prompt strings together. */
  private static final int WILD_MESSAGES = 6;

  private static final int ANSWER_TOKENS_MAX = 160;

  private final ObjectMapper json = new ObjectMapper();
  private final List<Sample> samples;
  private final Random random;
  private long wild;

  /**
   * A prompt that is to be sent.
   *
   * @param tenant who asks
   * @param body the chat completion request
   * @param sample what is asked, where the right answer is known; else null
   */
  public record Ask(String tenant, ObjectNode body, Sample sample) {}

  public Traffic(List<Sample> samples, long seed) {
    this.samples = samples;
    this.random = new Random(seed);
  }

  /** What comes next on an ordinary day. */
  public Ask ordinary() {
    int tenant = zipf(TENANTS.size());
    int message = zipf(Math.min(MESSAGES_PER_TENANT, samples.size()));
    Sample sample = samples.get((tenant * MESSAGES_PER_TENANT + message) % samples.size());
    return new Ask(TENANTS.get(tenant), body(sample.system(), sample.message()), sample);
  }

  /** One of the prompts of the tenant that goes wild. */
  public Ask wild() {
    StringBuilder text = new StringBuilder("Case " + ++wild + ".");
    for (int i = 0; i < WILD_MESSAGES; i++) {
      text.append(' ').append(samples.get(random.nextInt(samples.size())).message());
    }
    return new Ask(WILD_TENANT, body(null, text.toString()), null);
  }

  /** As a line of an OpenAI batch file, so that the answer tells which prompt it belongs to. */
  public byte[] line(String customId, ObjectNode body) {
    ObjectNode line = json.createObjectNode();
    line.put("custom_id", customId);
    line.put("method", "POST");
    line.put("url", "/v1/chat/completions");
    line.set("body", body);
    return line.toString().getBytes(StandardCharsets.UTF_8);
  }

  private ObjectNode body(String system, String message) {
    ObjectNode body = json.createObjectNode();
    body.put("model", "default");
    body.put("temperature", 0);
    body.put("max_completion_tokens", ANSWER_TOKENS_MAX);
    ArrayNode messages = body.putArray("messages");
    if (system != null) {
      messages.addObject().put("role", "system").put("content", system);
    }
    messages.addObject().put("role", "user").put("content", message);
    return body;
  }

  /** 0 to n-1; the k-th is drawn in proportion to 1/k. */
  private int zipf(int n) {
    double harmonic = 0;
    for (int k = 1; k <= n; k++) {
      harmonic += 1.0 / k;
    }
    double at = random.nextDouble() * harmonic;
    for (int k = 1; k <= n; k++) {
      at -= 1.0 / k;
      if (at <= 0) {
        return k - 1;
      }
    }
    return n - 1;
  }
}
