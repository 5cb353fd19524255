package io.millrace.engine.model;

import io.millrace.engine.backend.RopePairs;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What sets one family of models apart from another, as data: the forward pass is the same for all.
 *
 * @param name the value of {@code general.architecture} in GGUF files, and the prefix of their keys
 * @param ropePairs which elements of queries and keys turn together
 */
public record Architecture(String name, RopePairs ropePairs) {

  private static final List<Architecture> KNOWN =
      List.of(new Architecture("llama", RopePairs.INTERLEAVED));

  /** The architecture of that name, if the engine knows it. */
  public static Optional<Architecture> byName(String name) {
    return KNOWN.stream().filter(known -> known.name.equals(name)).findFirst();
  }

  /** The names of all known architectures, for messages. */
  public static String knownNames() {
    return KNOWN.stream().map(Architecture::name).collect(Collectors.joining(", "));
  }
}
