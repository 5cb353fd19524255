package io.millrace.engine.speculative;

import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.model.BatchLayout;
import io.millrace.engine.model.LanguageModel;
import io.millrace.engine.sampling.RowDraws;
import io.millrace.engine.sampling.Sampler;
import io.millrace.engine.sampling.grammar.GrammarException;
import io.millrace.engine.scheduler.Sequence;
import io.millrace.engine.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Proposes what a smaller model draws, with the same parameters, history and noise as the target
 * will.
 *
 * <p>It keeps keys and values of its own, in blocks of its own. Each call first catches up with
 * what the target accepted and drew since the last, then computes one token after another, of all
 * sequences at once. A prompt is computed when its sequence is first drafted for, a step's budget
 * of tokens at most per call; a sequence that is not caught up yet gets no draft. When blocks run
 * out, those of sequences not asked for go first, the longest idle before the others; if that does
 * not do, the sequence gets no draft.
 */
public final class DraftModelProposer implements DraftProposer {

  /** Tokens that an answer has, as long as no better is known, and the weight of each answer. */
  private static final double OUTPUT_TOKENS = 64;

  private static final double OUTPUT_WEIGHT = 0.05;

  /** What a sequence that is drafted for in every step has to catch up with, mostly. */
  private static final int CATCH_UP_USUAL = 2;

  private final LanguageModel model;
  private final Tokenizer tokenizer;
  private final Sampler sampler;
  private final BlockPool pool;
  private final int stepTokensMax;
  private final LongSupplier nanoClock;
  private final BatchLayout layout = new BatchLayout();
  private final RowDraws draws;

  private PassTimes times = PassTimes.UNKNOWN;

  /** How many tokens answers had lately. */
  private double outputTokens = OUTPUT_TOKENS;

  /** The longest idle first. */
  private final Map<Sequence, DraftContext> contexts = new LinkedHashMap<>();

  /**
   * @param model of the target's vocabulary; closed with this
   * @param tokenizer the target's
   * @param vocabSize tokens that the target draws from; the model's logits are as many or more
   * @param stepTokensMax most tokens that one forward pass computes
   * @param nanoClock the time in nanoseconds, from any origin
   */
  public DraftModelProposer(
      LanguageModel model,
      Tokenizer tokenizer,
      int vocabSize,
      int stepTokensMax,
      LongSupplier nanoClock) {
    if (model.vocabSize() < vocabSize) {
      throw new IllegalArgumentException(
          String.format(
              "the draft model has %d logits, the target draws from %d tokens",
              model.vocabSize(), vocabSize));
    }
    this.model = model;
    this.tokenizer = tokenizer;
    this.sampler = new Sampler(vocabSize);
    this.draws = new RowDraws(vocabSize);
    this.pool = new BlockPool(model.kvBlocks(), model.blockTokens());
    this.stepTokensMax = stepTokensMax;
    this.nanoClock = nanoClock;
  }

  @Override
  public void propose(List<Draft> drafts) {
    List<DraftContext> going = begin(drafts);
    while (!going.isEmpty()) {
      going = step(going);
    }
  }

  /**
   * What a sequence has to catch up with once, mostly its prompt, is spread over the tokens that
   * its answer may still have: late in an answer it is not worth beginning.
   */
  @Override
  public double estimateNanos(List<Sequence> sequences, int draftTokens) {
    int usual = 0;
    int once = 0;
    double onceNow = 0; // rows
    for (Sequence sequence : sequences) {
      DraftContext context = contexts.get(sequence);
      int pending = Math.max(1, sequence.length() - (context == null ? 0 : context.computed()));
      usual += Math.min(pending, CATCH_UP_USUAL);
      if (pending > CATCH_UP_USUAL) {
        once += pending - CATCH_UP_USUAL;
        double steps = (outputTokens - sequence.outputLength()) / (1 + draftTokens);
        onceNow += (pending - CATCH_UP_USUAL) / Math.max(1, steps);
      }
    }
    return times.nanos(usual)
        + (draftTokens - 1) * times.nanos(sequences.size())
        + (once == 0 ? 0 : times.nanos(once) * onceNow / once);
  }

  @Override
  public void calibrate(long nanosMax) {
    times = PassTimes.measure(model, pool, nanosMax, nanoClock);
    outputTokens = OUTPUT_TOKENS;
  }

  @Override
  public void release(Sequence sequence) {
    outputTokens += OUTPUT_WEIGHT * (sequence.outputLength() - outputTokens);
    DraftContext context = contexts.remove(sequence);
    if (context != null) {
      context.release();
    }
  }

  @Override
  public void close() {
    contexts.values().forEach(DraftContext::release);
    contexts.clear();
    model.close();
  }

  /** The draft model's blocks, for tests of what must hold between steps. */
  BlockPool pool() {
    return pool;
  }

  /** Contexts of those drafts that there is room for. */
  private List<DraftContext> begin(List<Draft> drafts) {
    List<DraftContext> begun = new ArrayList<>(drafts.size());
    for (Draft draft : drafts) {
      DraftContext context = contexts.remove(draft.sequence());
      if (context == null) {
        context = new DraftContext(pool);
      }
      contexts.put(draft.sequence(), context); // as the one used last
      context.begin(draft);
      begun.add(context);
    }
    List<DraftContext> roomy = new ArrayList<>(begun.size());
    for (DraftContext context : begun) {
      if (context.positionsMax() <= model.contextLength() && reserve(context, begun)) {
        roomy.add(context);
      }
    }
    return roomy;
  }

  private boolean reserve(DraftContext context, List<DraftContext> begun) {
    // Those begun in this call are the last of all contexts.
    Iterator<DraftContext> idlest = contexts.values().iterator();
    int idle = contexts.size() - begun.size();
    while (!context.reserve()) {
      if (idle-- == 0) {
        return false;
      }
      idlest.next().release();
      idlest.remove();
    }
    return true;
  }

  /**
   * One forward pass, and one more token for each sequence that is caught up.
   *
   * @return those that go on
   */
  private List<DraftContext> step(List<DraftContext> going) {
    layout.clear();
    List<DraftContext> caughtUp = new ArrayList<>(going.size());
    for (DraftContext context : going) {
      int budget = stepTokensMax - layout.rows();
      if (budget > 0 && context.compute(budget, layout)) {
        caughtUp.add(context);
      }
    }
    int[] tokens = tokens(caughtUp);
    List<DraftContext> goOn = new ArrayList<>(caughtUp.size());
    for (int i = 0; i < tokens.length; i++) {
      if (add(caughtUp.get(i).draft(), tokens[i])) {
        goOn.add(caughtUp.get(i));
      }
    }
    return goOn;
  }

  /** Computes the batch and draws a token for each that is caught up; -1 where there is none. */
  private int[] tokens(List<DraftContext> caughtUp) {
    if (model.draws() && fillDraws(caughtUp)) {
      return model.draw(layout.batch(), draws);
    }
    float[] logits = model.forward(layout.batch());
    int[] tokens = new int[caughtUp.size()];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = draw(caughtUp.get(i).draft(), logits, i * model.vocabSize());
    }
    return tokens;
  }

  private boolean fillDraws(List<DraftContext> caughtUp) {
    draws.clear();
    for (DraftContext context : caughtUp) {
      Draft draft = context.draft();
      if (!RowDraws.suits(draft.sequence().sampling(), draft)) {
        return false;
      }
      draws.add(draft.sequence().sampling(), draft.outputLength());
    }
    return true;
  }

  private int draw(Draft draft, float[] logits, int offset) {
    try {
      return sampler.draw(logits, offset, draft.sequence().sampling(), draft, draft.outputLength());
    } catch (ArithmeticException | GrammarException e) {
      return -1; // complete, or in trouble: the target will say which
    }
  }

  /**
   * Adds a token to a draft, unless it is the model's end: that one the target draws anyway.
   *
   * @param token -1 for none
   * @return whether the draft may go on
   */
  private boolean add(Draft draft, int token) {
    boolean ends =
        token >= 0
            && tokenizer.isEndOfGeneration(token)
            && !draft.sequence().sampling().ignoreEos();
    if (token < 0 || ends) {
      return false;
    }
    draft.add(token);
    return !draft.isFull();
  }
}
