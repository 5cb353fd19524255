package io.millrace.engine.sampling.grammar;

import io.millrace.engine.sampling.grammar.PushdownAutomaton.State;
import io.millrace.engine.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * A vocabulary's tokens by the bytes that they stand for, as a tree in depth-first order: tokens
 * that begin alike are checked together, and where a byte may not follow, all behind it are skipped
 * at once. Immutable.
 */
final class TokenTrie {
  /** Nodes of a grammar looked at for one mask; about a second. */
  private static final long VISITED_MAX = 5_000_000;

  private final Tokenizer tokenizer;
  private final int vocabSize;

  /** Of each node in depth-first order: its byte, its depth from 0, and the node after its own. */
  private final byte[] label;

  private final int[] depth;
  private final int[] after;

  /** Tokens that end at a node are {@code tokens[from[node]]} up to {@code from[node + 1]}. */
  private final int[] from;

  private final int[] tokens;
  private final int[] ends;
  private final int depthMax;

  /**
   * @param vocabSize the first tokens of the vocabulary, which can be drawn
   */
  TokenTrie(Tokenizer tokenizer, int vocabSize) {
    this.tokenizer = tokenizer;
    this.vocabSize = vocabSize;
    this.ends = IntStream.range(0, vocabSize).filter(tokenizer::isEndOfGeneration).toArray();
    byte[][] bytes = new byte[vocabSize][];
    for (int token = 0; token < vocabSize; token++) {
      bytes[token] = tokenizer.isEndOfGeneration(token) ? new byte[0] : tokenizer.bytes(token);
    }
    // A token without bytes would be allowed for ever.
    this.tokens =
        IntStream.range(0, vocabSize)
            .filter(token -> bytes[token].length > 0)
            .boxed()
            .sorted(Comparator.comparing(token -> bytes[token], Arrays::compareUnsigned))
            .mapToInt(Integer::intValue)
            .toArray();
    int nodes = 0;
    byte[] last = new byte[0];
    int longest = 0;
    for (int token : tokens) {
      nodes += bytes[token].length - common(last, bytes[token]);
      last = bytes[token];
      longest = Math.max(longest, last.length);
    }
    this.depthMax = longest;
    this.label = new byte[nodes];
    this.depth = new int[nodes];
    this.after = new int[nodes];
    this.from = new int[nodes + 1];
    fill(bytes);
  }

  private void fill(byte[][] bytes) {
    int node = 0;
    int[] path = new int[depthMax];
    byte[] last = new byte[0];
    for (int i = 0; i < tokens.length; i++) {
      byte[] current = bytes[tokens[i]];
      int common = common(last, current);
      close(path, common, last.length, node);
      for (int d = common; d < current.length; d++) {
        path[d] = node;
        label[node] = current[d];
        depth[node] = d;
        from[node] = i;
        node++;
      }
      last = current;
    }
    close(path, 0, last.length, node);
    from[node] = tokens.length;
    // A node's own tokens come before those of its children; one without tokens has none.
  }

  private void close(int[] path, int fromDepth, int toDepth, int node) {
    for (int d = fromDepth; d < toDepth; d++) {
      after[path[d]] = node;
    }
  }

  private static int common(byte[] a, byte[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
  }

  /** The tokens that may follow a state: all of a token's bytes, one after the other, must. */
  TokenMask mask(PushdownAutomaton automaton, State state) {
    long[] bits = new long[(vocabSize + 63) >> 6];
    if (state.mayEnd()) {
      for (int end : ends) {
        bits[end >> 6] |= 1L << end;
      }
    }
    State[] path = new State[depthMax + 1];
    long visitedMax = automaton.visited() + VISITED_MAX;
    path[0] = state;
    int node = 0;
    while (node < label.length) {
      int d = depth[node];
      State next = automaton.next(path[d], label[node]);
      if (automaton.visited() > visitedMax) {
        throw new GrammarException(
            "the response format has too many ways to read what could be written");
      }
      if (automaton.isDead(next)) {
        node = after[node];
        continue;
      }
      path[d + 1] = next;
      int end = from[node + 1];
      for (int i = from[node]; i < end; i++) {
        bits[tokens[i] >> 6] |= 1L << tokens[i];
      }
      node++;
    }
    return new TokenMask(bits);
  }

  int vocabSize() {
    return vocabSize;
  }

  /** The bytes that tokens have. */
  BitSet alphabet() {
    BitSet alphabet = new BitSet(256);
    for (byte b : label) {
      alphabet.set(b & 0xff);
    }
    return alphabet;
  }

  /** Whether the model can say that its answer has ended. */
  boolean hasEnd() {
    return ends.length > 0;
  }

  boolean isEnd(int token) {
    return tokenizer.isEndOfGeneration(token);
  }

  byte[] bytes(int token) {
    return tokenizer.bytes(token);
  }
}
