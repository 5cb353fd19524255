package io.millrace.engine.tokenizer;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Finds special tokens by their spelling, before the rest of a text is tokenised.
 *
 * <p>Longer tokens take their places first, wherever they stand, and among equally long ones those
 * further left (as llama.cpp does it). User-defined tokens are found everywhere; control tokens and
 * the unknown token only inside text that may spell them.
 */
final class SpecialTokens {

  /** Receives a text in pieces, in order. */
  interface Sink {
    /** Text without special tokens; never empty. */
    void text(String text);

    void token(int token);
  }

  /** A node of a trie over the spellings. */
  private static final class Node {
    private final Map<Character, Node> children = new HashMap<>();
    private int token = -1;
    private boolean anywhere;
  }

  private final Node root = new Node();

  SpecialTokens(Vocabulary vocabulary) {
    for (int id = 0; id < vocabulary.size(); id++) {
      switch (vocabulary.type(id)) {
        case CONTROL, UNKNOWN -> add(vocabulary.piece(id), id, false);
        case USER_DEFINED -> add(vocabulary.piece(id), id, true);
        default -> {}
      }
    }
  }

  private void add(String piece, int token, boolean anywhere) {
    if (piece.isEmpty()) {
      return;
    }
    Node node = root;
    for (int i = 0; i < piece.length(); i++) {
      node = node.children.computeIfAbsent(piece.charAt(i), c -> new Node());
    }
    if (node.token < 0) {
      node.token = token;
      node.anywhere = anywhere;
    }
  }

  /** Cuts the parts' joint text into special tokens and the text between them. */
  void partition(List<TextPart> parts, Sink sink) {
    StringBuilder joined = new StringBuilder();
    BitSet plain = new BitSet(); // characters that may not belong to a control token
    for (TextPart part : parts) {
      int start = joined.length();
      joined.append(part.text());
      plain.set(start, part.parseSpecial() ? start : joined.length());
    }
    String text = joined.toString();
    int at = 0;
    for (long place : places(occurrences(text, plain))) {
      int start = (int) (place >>> 32);
      int end = (int) place;
      if (start > at) {
        sink.text(text.substring(at, start));
      }
      sink.token(token(text, start, end));
      at = end;
    }
    if (at < text.length()) {
      sink.text(text.substring(at));
    }
  }

  /** Gives the occurrences their places, in order; each place is {@code start << 32 | end}. */
  private static long[] places(long[] occurrences) {
    BitSet taken = new BitSet();
    LongStream.Builder places = LongStream.builder();
    for (long occurrence : occurrences) {
      int start = (int) occurrence;
      int end = start + length(occurrence);
      // What is taken is at least as long, so an overlap covers one of the two ends.
      if (!taken.get(start) && !taken.get(end - 1)) {
        taken.set(start, end);
        places.add((long) start << 32 | end);
      }
    }
    return places.build().sorted().toArray();
  }

  private int token(String text, int start, int end) {
    Node node = root;
    for (int i = start; i < end; i++) {
      node = node.children.get(text.charAt(i));
    }
    return node.token;
  }

  /** All places where a special token may stand, longest first, then left to right. */
  private long[] occurrences(String text, BitSet plain) {
    LongStream.Builder found = LongStream.builder();
    int controlEnd = 0; // no control token that starts before here may go beyond
    for (int start = 0; start < text.length(); start++) {
      Node node = root.children.get(text.charAt(start));
      if (node == null) {
        continue;
      }
      if (start >= controlEnd) {
        int plainFrom = plain.nextSetBit(start);
        controlEnd = plainFrom < 0 ? text.length() : plainFrom;
      }
      for (int end = start + 1; node != null; end++) {
        if (node.token >= 0 && (node.anywhere || end <= controlEnd)) {
          found.add((long) (Integer.MAX_VALUE - (end - start)) << 32 | start);
        }
        node = end < text.length() ? node.children.get(text.charAt(end)) : null;
      }
    }
    return found.build().sorted().toArray();
  }

  private static int length(long occurrence) {
    return Integer.MAX_VALUE - (int) (occurrence >>> 32);
  }
}
