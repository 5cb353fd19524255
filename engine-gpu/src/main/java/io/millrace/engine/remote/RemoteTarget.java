package io.millrace.engine.remote;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.engine.ChatRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.Set;

/**
 * A model at a server.
 *
 * @param model its configured name
 * @param protocol how it is spoken to
 * @param url the API's base, such as {@code https://api.openai.com/v1}
 * @param remoteModel its name at the server
 * @param unsent fields of a request that it is not sent, for models that refuse them
 * @param key goes with every call
 * @param limits of its calls
 */
public record RemoteTarget(
    String model,
    RemoteProtocol protocol,
    URI url,
    String remoteModel,
    Set<String> unsent,
    ApiKey key,
    RemoteLimits limits) {
  private static final String SEED = "seed";
  private static final ObjectMapper JSON = new ObjectMapper();

  public RemoteTarget {
    unsent = Set.copyOf(unsent);
  }

  /**
   * The body of a call, UTF-8.
   *
   * @param choice which of several answers to one prompt: a seed is then another for each
   * @throws IllegalArgumentException naming what the protocol has no way to ask for
   */
  public byte[] body(ChatRequest chat, int choice) {
    try {
      ObjectNode asked = (ObjectNode) JSON.readTree(chat.json());
      if (asked.hasNonNull(SEED)) {
        asked.put(SEED, asked.get(SEED).asLong() + choice);
      }
      asked.remove(unsent);
      return JSON.writeValueAsBytes(protocol.body(asked, remoteModel));
    } catch (IOException e) {
      // Nobody but us wrote it; the exception would quote it.
      throw new UncheckedIOException("a chat request is not JSON", new IOException());
    }
  }

  /** Where calls go. */
  URI endpoint() {
    String base = url.toString();
    return URI.create((base.endsWith("/") ? base : base + "/") + protocol.path());
  }
}
