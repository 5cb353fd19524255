package io.millrace.engine.sampling.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Walks a {@link GrammarGraph} byte by byte.
 *
 * <p>What has been written so far determines a {@link State}: all the places in the graph where it
 * may have led, each with the stack of rules under way. States are made when they are first reached
 * and shared ever after, so that a byte that was taken before costs a look into a table; this is
 * the subset construction, done lazily, over stacks instead of single nodes. A counted repetition
 * keeps its count on the stack, and so needs no nodes for it.
 *
 * <p>Thread-safe. States are immutable but for their tables, which only ever gain entries: a thread
 * that does not see another's entry computes the same again.
 */
final class PushdownAutomaton {
  /** Places in one state; a state with more would make each byte slow. */
  private static final int PLACES_MAX = 4096;

  /** Nodes looked at for one byte. */
  private static final int CLOSURE_NODES_MAX = 200_000;

  /** In the place of a count: the rule was called once, not repeated. */
  private static final int CALLED = -1;

  /** States kept for sharing; beyond, sharing starts anew. */
  private static final int STATES_MAX = 16_384;

  private final GrammarGraph graph;
  private final AtomicInteger states = new AtomicInteger();
  private final AtomicLong visited = new AtomicLong();
  private final ConcurrentHashMap<Places, State> shared = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Frame, Frame> sharedFrames = new ConcurrentHashMap<>();
  private final State start;

  /** Where nothing leads on and nothing may end. */
  private final State dead;

  /**
   * The innermost rule under way, and those around it.
   *
   * @param node where to go on when it ends, or the repetition that it is an item of
   * @param count items of the repetition that are complete, or {@link #CALLED}
   */
  private record Frame(int node, int count, Frame parent, int hash) {
    @Override
    public int hashCode() {
      return hash;
    }

    /** Frames are shared, so that equal parents are the same. */
    @Override
    public boolean equals(Object other) {
      return other instanceof Frame frame
          && frame.node == node
          && frame.count == count
          && frame.parent == parent;
    }
  }

  /** A node in the graph and the rules under way there. */
  private record Place(int node, Frame frame) {}

  /** What tells states apart. */
  private record Places(List<Place> places, boolean mayEnd) {}

  /** All that may follow what has been written. */
  static final class State {
    private final List<Place> places;
    private final boolean mayEnd;
    private final State[] next;

    private State(Places places, int classes) {
      this.places = places.places();
      this.mayEnd = places.mayEnd();
      this.next = new State[classes];
    }

    /** Whether the text may end here. */
    boolean mayEnd() {
      return mayEnd;
    }

    /** Whether some byte may follow. */
    boolean mayGoOn() {
      return !places.isEmpty();
    }
  }

  PushdownAutomaton(GrammarGraph graph) {
    this.graph = graph;
    this.dead = new State(new Places(List.of(), false), graph.classes());
    Arrays.fill(dead.next, dead);
    Closure closure = new Closure();
    closure.enter(graph.start(), null);
    this.start = closure.state();
  }

  /** The state of an empty text. */
  State start() {
    return start;
  }

  boolean isDead(State state) {
    return !state.mayEnd() && !state.mayGoOn();
  }

  /** States made so far and kept: what the automaton's memory grows with. */
  int size() {
    return states.get();
  }

  /** Nodes looked at so far to make states: what the automaton's time grows with. */
  long visited() {
    return visited.get();
  }

  /**
   * The state after one more byte; dead if the byte may not follow.
   *
   * @throws GrammarException if there are too many ways to read what was written
   */
  State next(State state, byte b) {
    int byteClass = graph.classOf(b & 0xff);
    State known = state.next[byteClass];
    if (known != null) {
      return known;
    }
    State next = step(state, b & 0xff);
    state.next[byteClass] = next;
    return next;
  }

  /** Whether a whole text is in the language. */
  boolean accepts(byte[] text) {
    State state = start;
    for (byte b : text) {
      state = next(state, b);
    }
    return state.mayEnd();
  }

  private State step(State state, int b) {
    Closure closure = new Closure();
    for (Place place : state.places) {
      int[] edges = graph.targets(place.node());
      for (int i = 0; i < edges.length; i += 3) {
        if (edges[i] <= b && b <= edges[i + 1]) {
          closure.enter(edges[i + 2], place.frame());
        }
      }
    }
    return closure.state();
  }

  private Frame frame(int node, int count, Frame parent) {
    int hash = 31 * (31 * node + count) + (parent == null ? 7 : parent.hash());
    Frame made = new Frame(node, count, parent, hash ^ (hash >>> 15));
    Frame known = sharedFrames.putIfAbsent(made, made);
    return known != null ? known : made;
  }

  /** Follows everything that consumes no byte. */
  private final class Closure {
    private final Set<Place> seen = new HashSet<>();
    private final List<Place> places = new ArrayList<>();
    private final List<Place> open = new ArrayList<>();
    private boolean mayEnd;

    void enter(int node, Frame frame) {
      visit(node, frame);
      while (!open.isEmpty()) {
        Place place = open.remove(open.size() - 1);
        follow(place.node(), place.frame());
      }
    }

    private void visit(int node, Frame frame) {
      Place place = new Place(node, frame);
      if (seen.add(place)) {
        if (seen.size() > CLOSURE_NODES_MAX || places.size() > PLACES_MAX) {
          throw new GrammarException(
              "the response format has too many ways to read what was written");
        }
        if (graph.kind(node) == GrammarGraph.BYTES) {
          places.add(place);
        } else {
          open.add(place);
        }
      }
    }

    private void follow(int node, Frame frame) {
      int[] targets = graph.targets(node);
      switch (graph.kind(node)) {
        case GrammarGraph.CHOICE -> {
          for (int target : targets) {
            visit(target, frame);
          }
        }
        case GrammarGraph.CALL -> {
          // A call in last place needs no return of its own.
          boolean last = graph.kind(targets[1]) == GrammarGraph.RETURN;
          visit(targets[0], last ? frame : frame(targets[1], CALLED, frame));
        }
        case GrammarGraph.REPEAT -> repeat(node, 0, frame);
        case GrammarGraph.RETURN -> {
          if (frame == null) {
            mayEnd = true;
          } else if (frame.count() != CALLED) {
            repeat(frame.node(), frame.count() + 1, frame.parent());
          } else {
            visit(frame.node(), frame.parent());
          }
        }
        default -> throw new IllegalStateException("kind " + graph.kind(node));
      }
    }

    /** A repetition of which so many items are complete. */
    private void repeat(int node, int count, Frame parent) {
      int[] targets = graph.targets(node);
      int min = targets[2];
      int max = targets[3];
      if (count >= min) {
        visit(targets[1], parent);
      }
      if (count < max) {
        visit(
            targets[0],
            frame(node, max == GrammarGraph.UNBOUNDED ? Math.min(count, min) : count, parent));
      }
    }

    State state() {
      visited.addAndGet(seen.size());
      if (places.isEmpty() && !mayEnd) {
        return dead;
      }
      // Any order will do, as long as equal sets mostly have the same.
      places.sort(
          Comparator.comparingInt(Place::node)
              .thenComparingInt(place -> Objects.hashCode(place.frame())));
      Places key = new Places(List.copyOf(places), mayEnd);
      if (states.get() >= STATES_MAX) {
        // States in use stay valid; they are only no longer found.
        shared.clear();
        sharedFrames.clear();
        states.set(0);
      }
      return shared.computeIfAbsent(
          key,
          k -> {
            states.incrementAndGet();
            return new State(k, graph.classes());
          });
    }
  }
}
