package io.millrace.jobs.admit;

import io.millrace.jobs.state.Sampling;
import io.millrace.schemas.Message;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * SHA-256 over everything that changes an answer, and nothing else: two prompts with the same
 * fingerprint may share one answer.
 *
 * <p>Every part is written with its length, and an absent value as its default, so that no two
 * different requests are written alike. What does not change the answer (priority, deadline,
 * metadata, custom_id) stays out.
 */
final class Fingerprint {
  /** Goes up when the canonical form changes: old cached answers are then no longer found. */
  private static final int FORM = 1;

  private final MessageDigest sha256;

  private Fingerprint() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java platform has SHA-256", e);
    }
    add(FORM);
  }

  /**
   * @param scope who may share the answer: tenant, namespace, salt
   * @param modelDigest weights, vocabulary and template
   * @param seeded whether the sampling's seed is part of the answer's identity
   * @param responseFormat its one text, or null for any text, which leaves fingerprints as they
   *     were before there were response formats
   * @param tools JSON text of those shown to the model, or null
   * @return 64 hexadecimal digits
   */
  static String of(
      List<String> scope,
      String modelDigest,
      List<Message> messages,
      Sampling sampling,
      boolean seeded,
      String responseFormat,
      String tools) {
    Fingerprint fingerprint = new Fingerprint();
    fingerprint.add(scope.size());
    scope.forEach(fingerprint::add);
    fingerprint.add(modelDigest);
    fingerprint.add(messages.size());
    for (Message message : messages) {
      fingerprint.add(message.getRole());
      fingerprint.add(message.getContent());
      fingerprint.add(message.getName());
    }
    fingerprint.add(sampling, seeded);
    if (responseFormat != null) {
      fingerprint.add(responseFormat);
    }
    fingerprint.addTools(messages, tools);
    return HexFormat.of().formatHex(fingerprint.sha256.digest());
  }

  /**
   * A name of fixed length for those who may share the KV blocks of a prompt.
   *
   * @param scope tenant and salt
   * @return 64 hexadecimal digits
   */
  static String ofScope(List<String> scope) {
    Fingerprint fingerprint = new Fingerprint();
    fingerprint.add(scope.size());
    scope.forEach(fingerprint::add);
    return HexFormat.of().formatHex(fingerprint.sha256.digest());
  }

  /** Named, and left out where there are none: answers that were cached before are still found. */
  private void addTools(List<Message> messages, String tools) {
    if (tools == null
        && messages.stream().allMatch(m -> m.getToolCalls() == null && m.getToolCallId() == null)) {
      return;
    }
    add("tools");
    add(tools);
    for (Message message : messages) {
      add(message.getToolCalls());
      add(message.getToolCallId());
    }
  }

  private void add(Sampling sampling, boolean seeded) {
    boolean greedy = sampling.getTemperature() == 0;
    add(sampling.getTemperature());
    // A greedy choice is the most likely token whatever the truncation or the seed.
    add(greedy ? 0 : sampling.getTopK());
    add(greedy ? 1f : sampling.getTopP());
    add(greedy ? 0f : sampling.getMinP());
    add(sampling.getRepetitionPenalty());
    add(!greedy && seeded ? Long.toString(sampling.getSeed()) : null);
    add(sampling.getMaxTokens());
    add(sampling.getStop().size());
    sampling.getStop().forEach(this::add);
    add(sampling.getLogprobs());
    if (sampling.getN() != 1) {
      // Named, and left out where it is 1: answers that were cached before are still found.
      add("n");
      add(sampling.getN());
    }
    if (sampling.getIgnoreEos()) {
      add("ignore_eos");
    }
  }

  private void add(String part) {
    if (part == null) {
      add(-1);
      return;
    }
    byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
    add(bytes.length);
    sha256.update(bytes);
  }

  private void add(float part) {
    // The sum turns -0 into 0.
    add(Float.floatToIntBits(part + 0f));
  }

  private void add(int part) {
    sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(part).flip());
  }
}
