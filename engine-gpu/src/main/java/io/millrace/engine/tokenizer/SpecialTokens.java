package io.millrace.engine.tokenizer;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds special tokens by their spelling, before the rest of a text is tokenised.
 *
 * <p>Tokens longer in UTF-8 take their places first, wherever they stand, and among equally long
 * ones those further left (as llama.cpp does it). User-defined tokens are found everywhere; control
 * tokens and the unknown token only inside text that may spell them. Some tokens swallow the white
 * space around them.
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
    private int bytes;
  }

  /** A place that a token takes. */
  private record Place(int start, int end, int token) {}

  private final Vocabulary vocabulary;
  private final Node root = new Node();

  SpecialTokens(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
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
      node.bytes = vocabulary.pieceBytes(token).length;
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
    boolean strips = false; // whether white space from here on is swallowed
    for (Place place : places(occurrences(text, plain))) {
      boolean stripsBefore = vocabulary.stripsBefore().contains(place.token);
      text(text.substring(at, place.start), strips, stripsBefore, sink);
      sink.token(place.token);
      at = place.end;
      strips = vocabulary.stripsAfter().contains(place.token);
    }
    text(text.substring(at), strips, false, sink);
  }

  private static void text(String text, boolean stripsStart, boolean stripsEnd, Sink sink) {
    int start = 0;
    int end = text.length();
    while (stripsStart && start < end && isSpace(text.charAt(start))) {
      start++;
    }
    while (stripsEnd && end > start && isSpace(text.charAt(end - 1))) {
      end--;
    }
    if (start < end) {
      sink.text(text.substring(start, end));
    }
  }

  /** White space of ASCII, which is what llama.cpp strips. */
  private static boolean isSpace(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }

  /** The places of the occurrences that are not in another's way, in order. */
  private static List<Place> places(List<Occurrence> occurrences) {
    BitSet taken = new BitSet();
    List<Place> places = new ArrayList<>();
    for (Occurrence occurrence : occurrences) {
      Place place = occurrence.place;
      // What is taken is at least as long, so an overlap covers one of the two ends.
      if (!taken.get(place.start) && !taken.get(place.end - 1)) {
        taken.set(place.start, place.end);
        places.add(place);
      }
    }
    places.sort(Comparator.comparingInt(Place::start));
    return places;
  }

  private record Occurrence(int bytes, Place place) {}

  /** All places where a special token may stand, longest first, then left to right. */
  private List<Occurrence> occurrences(String text, BitSet plain) {
    List<Occurrence> found = new ArrayList<>();
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
          found.add(new Occurrence(node.bytes, new Place(start, end, node.token)));
        }
        node = end < text.length() ? node.children.get(text.charAt(end)) : null;
      }
    }
    // The sort is stable, so equally long ones stay in the order of the text.
    found.sort(Comparator.comparingInt(Occurrence::bytes).reversed());
    return found;
  }
}
