package io.millrace.engine.scheduler;

import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.SamplingParams;
import io.millrace.engine.TokenOutput;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.kvcache.BlockTable;
import io.millrace.engine.sampling.OutputText;
import io.millrace.engine.sampling.TokenHistory;
import io.millrace.engine.sampling.grammar.GrammarState;
import io.millrace.engine.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * One request inside the engine: its tokens (prompt, then output), how many of them are computed,
 * and the blocks that hold their keys and values.
 *
 * <p>There is no phase. A sequence that goes on always has tokens not yet computed: its whole
 * prompt at first, the token just drawn later, everything again after a preemption. When the last
 * of them is computed, the next is drawn.
 */
public final class Sequence implements TokenHistory {

  /**
   * Who keeps its blocks when there are too few: senior ones, then the lower priority value, then
   * the earlier arrival. It never changes between two sequences that run.
   */
  static final Comparator<Sequence> BY_SENIORITY =
      Comparator.comparing(Sequence::isSenior, Comparator.reverseOrder())
          .thenComparingInt(sequence -> sequence.senior ? 0 : sequence.priority())
          .thenComparingLong(Sequence::arrival);

  // What was asked.
  private final GenerationRequest request;
  private final long arrival;
  private final int tokensMax;
  private final Tokenizer tokenizer;

  // How far it is.
  private final BlockTable blockTable;
  private final OutputText text;

  /** Null if the answer may be any text. */
  private GrammarState grammar;

  private int[] output;
  private int outputLength;
  private int computedTokens;
  private int cachedPromptTokens;
  private boolean joined;
  private boolean senior;
  private int preemptions;
  private long lastStep;
  private boolean awaitedPrefix;
  private FinishReason finishReason;
  private String error;

  /** Drawn, but not yet reported. */
  private final List<TokenOutput> newTokens = new ArrayList<>(1);

  /**
   * Replays the request's resumed tokens: afterwards the sequence is as it was when the earlier
   * attempt had drawn them, but for the KV cache, which scheduling refills. An answer that had
   * already ended is finished.
   *
   * @param arrival position in the order of arrival, unique
   * @param tokensMax most tokens of prompt and output together, more than the prompt has
   */
  public Sequence(
      GenerationRequest request, long arrival, int tokensMax, Tokenizer tokenizer, BlockPool pool) {
    this(request, arrival, tokensMax, tokenizer, pool, null);
  }

  /**
   * The same for an answer of a format.
   *
   * @param grammar the state of an answer without tokens, which can go on with the resumed ones;
   *     null for any text
   */
  public Sequence(
      GenerationRequest request,
      long arrival,
      int tokensMax,
      Tokenizer tokenizer,
      BlockPool pool,
      GrammarState grammar) {
    this.grammar = grammar;
    this.request = request;
    this.arrival = arrival;
    this.tokensMax = tokensMax;
    this.tokenizer = tokenizer;
    this.blockTable = new BlockTable(pool);
    this.text = new OutputText(tokenizer, request.sampling().stop());
    this.output = new int[Math.max(8, request.resumed().size())];
    for (TokenOutput token : request.resumed()) {
      if (!isFinished()) {
        append(token);
      }
    }
    newTokens.clear();
    text.take();
  }

  /**
   * Adds the next token of output, and ends the sequence if that was its last; its blocks remain
   * until they are {@link #releaseBlocks released}. The model's end token is a token of output, but
   * has no text.
   */
  void append(TokenOutput token) {
    if (outputLength == output.length) {
      output = Arrays.copyOf(output, 2 * outputLength);
    }
    output[outputLength++] = token.id();
    newTokens.add(token);
    if (tokenizer.isEndOfGeneration(token.id()) && (!sampling().ignoreEos() || grammar != null)) {
      end(FinishReason.STOP);
      return;
    }
    text.feed(token.id());
    if (grammar != null) {
      grammar = grammar.next(token.id());
    }
    if (text.stopped() || hasCompleteText()) {
      end(FinishReason.STOP);
    } else if (length() >= tokensMax) {
      end(FinishReason.LENGTH);
    }
  }

  /**
   * Whether the response format lets nothing follow, and no end token will say so: the vocabulary
   * has none, or there is no room for it.
   */
  private boolean hasCompleteText() {
    return grammar != null
        && grammar.isComplete()
        && (!grammar.canSayEnd() || length() >= tokensMax);
  }

  /** Ends the sequence: text held back becomes final, and its blocks are free. */
  void finish(FinishReason reason) {
    end(reason);
    releaseBlocks();
  }

  private void end(FinishReason reason) {
    finishReason = reason;
    text.end();
  }

  void releaseBlocks() {
    blockTable.release();
  }

  void fail(String message) {
    error = message;
    finish(FinishReason.ERROR);
  }

  /** Gives up the blocks; all tokens are to be computed again. */
  void preempt() {
    blockTable.release();
    computedTokens = 0;
    preemptions++;
  }

  void computed(int tokens) {
    computedTokens = tokens;
  }

  /**
   * Joins the batch, for the first time or after a preemption, with its first tokens already in its
   * blocks.
   *
   * @return whether it is the first time
   */
  boolean join(int cachedTokens) {
    boolean first = !joined;
    computedTokens = cachedTokens;
    if (first) {
      cachedPromptTokens = Math.min(cachedTokens, promptLength());
      joined = true;
    }
    return first;
  }

  /** Takes the tokens drawn since the last call. */
  public List<TokenOutput> takeNewTokens() {
    List<TokenOutput> taken = List.copyOf(newTokens);
    newTokens.clear();
    return taken;
  }

  /** Takes the characters that became final since the last call. */
  public String takeNewText() {
    return text.take();
  }

  public String id() {
    return request.id();
  }

  public SamplingParams sampling() {
    return request.sampling();
  }

  public int priority() {
    return request.priority();
  }

  /** Who asks. */
  String tenant() {
    return request.tenant();
  }

  /** Epoch milliseconds; {@link GenerationRequest#NO_DEADLINE} for never. */
  long deadlineMs() {
    return request.deadlineMs();
  }

  /** Position in the order of arrival, unique. */
  long arrival() {
    return arrival;
  }

  /** Whether it has been in the batch. */
  boolean hasRun() {
    return joined;
  }

  /** How often it gave its blocks up. */
  int preemptions() {
    return preemptions;
  }

  /** The step that last computed some of it, counted from 1; 0 for none yet. */
  long lastStep() {
    return lastStep;
  }

  void takePart(long step) {
    lastStep = step;
  }

  /** Whether it waited so long that it goes before all others. */
  public boolean isSenior() {
    return senior;
  }

  /** Not while a set is ordered by it. */
  void becomeSenior() {
    senior = true;
  }

  /** Whether it has let others go first to find its beginning in the cache. */
  boolean hasAwaitedPrefix() {
    return awaitedPrefix;
  }

  void awaitPrefix() {
    awaitedPrefix = true;
  }

  /** Who may share its blocks. */
  String cacheSalt() {
    return request.cacheSalt();
  }

  public int promptLength() {
    return request.promptTokens().length;
  }

  /** Tokens of output so far, resumed ones included: the position of the next one. */
  public int outputLength() {
    return outputLength;
  }

  @Override
  public int length() {
    return promptLength() + outputLength;
  }

  @Override
  public int token(int position) {
    int[] prompt = request.promptTokens();
    return position < prompt.length ? prompt[position] : output[position - prompt.length];
  }

  @Override
  public GrammarState grammar() {
    return grammar;
  }

  /** Tokens whose keys and values are in the sequence's blocks: the first ones. */
  public int computedTokens() {
    return computedTokens;
  }

  /** Prompt tokens that did not have to be computed when the sequence first joined the batch. */
  public int cachedPromptTokens() {
    return cachedPromptTokens;
  }

  /** Tokens still to be computed; at least 1 while the sequence goes on. */
  public int pendingTokens() {
    return length() - computedTokens;
  }

  /** Most tokens of prompt and output together. The last of them is drawn, but never computed. */
  public int tokensMax() {
    return tokensMax;
  }

  public BlockTable blockTable() {
    return blockTable;
  }

  public boolean isFinished() {
    return finishReason != null;
  }

  /** Why the sequence ended, or null while it goes on. */
  public FinishReason finishReason() {
    return finishReason;
  }

  /** One line on what went wrong, or null. */
  public String error() {
    return error;
  }

  /** Says nothing of the tokens: prompts do not belong into logs. */
  @Override
  public String toString() {
    return "Sequence[" + id() + ", computed=" + computedTokens + "/" + length() + "]";
  }
}
