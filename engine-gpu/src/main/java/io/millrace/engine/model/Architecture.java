package io.millrace.engine.model;

import io.millrace.engine.backend.Activation;
import io.millrace.engine.backend.RopePairs;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What sets one family of models apart from another, as data: the forward pass is the same for all.
 * What a file says itself (dimensions, biases, windows, scaling) is not repeated here.
 *
 * @param name the value of {@code general.architecture} in GGUF files, and the prefix of their keys
 * @param ropePairs which elements of queries and keys turn together
 * @param activation the gate's, where the file does not name one
 * @param traits what its layers have beyond those of llama
 * @param defaults what its files leave unsaid
 */
public record Architecture(
    String name, RopePairs ropePairs, Activation activation, Set<Trait> traits, Defaults defaults) {

  /** Something that all models of an architecture have. */
  public enum Trait {
    /** Each head of queries and keys is normalised before it is rotated. */
    QUERY_KEY_NORM,
    /** What attention and feed-forward return is normalised before it is added. */
    POST_NORM,
    /** What goes into the last matrix of attention and feed-forward is normalised. */
    SUB_NORM,
    /** Embeddings are multiplied by sqrt(dim). */
    SCALED_EMBEDDINGS,
    /** {@code ffn_up} holds the gate's rows, then its own. */
    GATE_IN_UP
  }

  /**
   * Values of keys that files may leave out.
   *
   * @param attentionSoftCap bound of attention scores; 0 for none
   * @param logitSoftCap bound of logits; 0 for none
   * @param window positions that a local layer sees; 0 if only a file can say that there are any
   * @param localPeriod every so many layers, the last attends to all positions and those before it
   *     are local; 0 if all are
   * @param localRopeBase base of the local layers' rotations; 0 for the same as the others'
   * @param wideLayers layers of the one size whose scores are scaled by {@code 1 / sqrt(dim /
   *     heads)} and not by {@code 1 / sqrt(headDim)}, which no key tells; 0 if there is none
   */
  public record Defaults(
      float attentionSoftCap,
      float logitSoftCap,
      int window,
      int localPeriod,
      double localRopeBase,
      int wideLayers) {
    static final Defaults NONE = new Defaults(0, 0, 0, 0, 0, 0);
  }

  private static final List<Architecture> KNOWN =
      List.of(
          plain("llama", RopePairs.INTERLEAVED),
          plain("qwen2", RopePairs.HALVES),
          plain("qwen3", RopePairs.HALVES, Trait.QUERY_KEY_NORM),
          new Architecture(
              "gemma2",
              RopePairs.HALVES,
              Activation.GELU_TANH,
              Set.of(Trait.POST_NORM, Trait.SCALED_EMBEDDINGS),
              new Defaults(50, 30, 4_096, 2, 0, 46)),
          new Architecture(
              "gemma3",
              RopePairs.HALVES,
              Activation.GELU_TANH,
              Set.of(Trait.QUERY_KEY_NORM, Trait.POST_NORM, Trait.SCALED_EMBEDDINGS),
              new Defaults(0, 0, 0, 6, 10_000, 62)),
          plain("phi3", RopePairs.HALVES, Trait.GATE_IN_UP),
          plain("bitnet", RopePairs.HALVES, Trait.SUB_NORM));

  private static Architecture plain(String name, RopePairs pairs, Trait... traits) {
    return new Architecture(name, pairs, Activation.SILU, Set.of(traits), Defaults.NONE);
  }

  /** The architecture of that name, if the engine knows it. */
  public static Optional<Architecture> byName(String name) {
    return KNOWN.stream().filter(known -> known.name.equals(name)).findFirst();
  }

  /** The names of all known architectures, for messages. */
  public static String knownNames() {
    return KNOWN.stream().map(Architecture::name).collect(Collectors.joining(", "));
  }

  boolean has(Trait trait) {
    return traits.contains(trait);
  }
}
