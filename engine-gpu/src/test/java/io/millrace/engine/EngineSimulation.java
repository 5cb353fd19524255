package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.sampling.OutputText;
import io.millrace.engine.scheduler.Sequence;
import io.millrace.engine.speculative.ChainedProposer;
import io.millrace.engine.speculative.DraftModelProposer;
import io.millrace.engine.speculative.DraftProposer;
import io.millrace.engine.speculative.NgramProposer;
import io.millrace.engine.speculative.TestProposer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * One engine's life, a function of its seed. Prompts begin alike, ask for one answer or several,
 * and have one of three salts, tenants and priorities; some have a deadline; the prefix cache is on
 * or off, and has room for much or nearly nothing. After each step it checks what must always hold;
 * at the end it compares every answer with the one that its request gets alone, without a prefix
 * cache.
 */
final class EngineSimulation {
  private static final List<String> STOPS = List.of("ab", "abca", "é", "😀b", "\n", "b");

  /** How much of what is hard came to pass. */
  static final class Coverage {
    long preemptions;
    int restarts;
    int cancelled;
    int expired;
    int seniors;
    int furtherChoices;
    int stopped;
    int chunkedSteps;
    int queueFull;
    long prefixHits;
    long sharedBlocks;
    long accepted;
    long rejected;

    void add(Coverage other) {
      preemptions += other.preemptions;
      restarts += other.restarts;
      cancelled += other.cancelled;
      expired += other.expired;
      seniors += other.seniors;
      furtherChoices += other.furtherChoices;
      stopped += other.stopped;
      chunkedSteps += other.chunkedSteps;
      queueFull += other.queueFull;
      prefixHits += other.prefixHits;
      sharedBlocks += other.sharedBlocks;
      accepted += other.accepted;
      rejected += other.rejected;
    }
  }

  /** A request, when it comes and when it is cancelled, and what has been reported of it. */
  private static final class Client {
    final GenerationRequest request;
    final int arrivalStep;
    final int cancelStep;
    final List<TokenOutput> tokens = new ArrayList<>();
    final StringBuilder text = new StringBuilder();
    FinishReason finishReason;

    Client(GenerationRequest request, int arrivalStep, int cancelStep) {
      this.request = request;
      this.arrivalStep = arrivalStep;
      this.cancelStep = cancelStep;
    }

    int[] allTokens() {
      return IntStream.concat(
              IntStream.of(request.promptTokens()), tokens.stream().mapToInt(TokenOutput::id))
          .toArray();
    }

    int tokensMax() {
      return request.promptTokens().length + request.sampling().maxTokens();
    }
  }

  private final Random random;
  private final Coverage coverage = new Coverage();
  private final Map<String, Client> clients = new HashMap<>();
  private final Set<String> submitted = new HashSet<>();
  private final int blockTokens;
  private final int[] commonStart;
  private EngineConfig config;
  private LocalEngine engine;
  private long nanos;

  /** A millisecond is a step. */
  private long nowMs;

  private long reportedNanos;
  private long reportedTokens;
  private long reportedDrafted;
  private long reportedAccepted;

  EngineSimulation(long seed) {
    this.random = new Random(seed * 0x9e3779b97f4a7c15L);
    this.blockTokens = 1 + random.nextInt(5);
    this.commonStart = tokens(16);
    int prompts = 1 + random.nextInt(8);
    for (int i = 0; i < prompts; i++) {
      addClients("r" + i);
    }
  }

  Coverage coverage() {
    return coverage;
  }

  void run() throws Exception {
    start();
    int stepsMax = stepsMax();
    boolean restarts = random.nextInt(3) == 0;
    int step = 0;
    while (clients.values().stream().anyMatch(client -> client.finishReason == null)) {
      check(step < stepsMax, "not all is answered in time");
      submit(step);
      cancel(step);
      nowMs = step;
      if (engine.hasWork()) {
        step();
      }
      if (restarts && step < 100 && random.nextInt(20) == 0) {
        finish();
        coverage.restarts++;
        start();
      }
      step++;
    }
    assertThat(engine.hasWork()).isFalse();
    assertThat(engine.pool().used()).isZero();
    finish();
    for (Client client : clients.values()) {
      compareWithAlone(client);
    }
  }

  /**
   * A new engine, with limits drawn anew; its cache just holds the longest request, or a bit more,
   * or much more.
   */
  private void start() {
    int tokensMax = clients.values().stream().mapToInt(Client::tokensMax).max().getAsInt();
    int kvBlocks = (tokensMax - 1 + blockTokens - 1) / blockTokens;
    kvBlocks += random.nextInt(3) == 0 ? random.nextInt(100) : random.nextInt(4);
    int sequencesMax = 1 + random.nextInt(6);
    config =
        EngineConfig.of(
                sequencesMax,
                sequencesMax + random.nextInt(13),
                1 + random.nextInt(6),
                kvBlocks,
                blockTokens,
                1000,
                1)
            .withPrefixCache(random.nextInt(4) > 0)
            .withOvertakesMax(random.nextInt(6))
            .withSpeculation(speculation());
    engine =
        new LocalEngine(
            model(config), new FakeTokenizer(), config, this::tick, () -> nowMs, proposer());
    submitted.clear();
    reportedNanos = 0;
    reportedTokens = 0;
    reportedDrafted = 0;
    reportedAccepted = 0;
  }

  /** The engine ends as in a crash, though not before its books were checked. */
  private void finish() {
    assertThat(engine.stats().busyNanos()).isEqualTo(reportedNanos);
    assertThat(engine.stats().outputTokens()).isEqualTo(reportedTokens);
    assertThat(engine.stats().drafts().drafted()).isEqualTo(reportedDrafted);
    assertThat(engine.stats().drafts().accepted()).isEqualTo(reportedAccepted);
    coverage.accepted += reportedAccepted;
    coverage.rejected += reportedDrafted - reportedAccepted;
    coverage.preemptions += engine.stats().preemptions();
    coverage.prefixHits += engine.stats().prefixHitTokens();
    check(config.prefixCache() || engine.pool().cached() == 0, "blocks are cached unasked");
    engine.close();
    assertThat(engine.pool().used()).isZero();
  }

  /**
   * Submits what has come, and what an earlier engine left; what finds the queue full tries again.
   */
  private void submit(int step) throws Exception {
    for (Client client : clients.values()) {
      GenerationRequest request = client.request;
      if (client.finishReason != null
          || client.arrivalStep > step
          || submitted.contains(request.id())) {
        continue;
      }
      try {
        engine.submit(
            new GenerationRequest(
                request.id(),
                request.promptTokens(),
                request.sampling(),
                request.priority(),
                client.tokens,
                request.cacheSalt(),
                request.tenant(),
                request.deadlineMs()));
        submitted.add(request.id());
      } catch (RequestRejectedException e) {
        check(e.retryable(), e.getMessage());
        coverage.queueFull++;
      }
    }
  }

  private void cancel(int step) {
    for (Client client : clients.values()) {
      if (client.cancelStep <= step && client.finishReason == null) {
        String id = client.request.id();
        check(engine.cancel(id) == submitted.contains(id), "the engine knows other requests");
      }
    }
  }

  private void step() {
    List<GenerationUpdate> updates = engine.step();
    Set<String> computed = new HashSet<>();
    int stepTokens = 0;
    for (GenerationUpdate update : updates) {
      Client client = clients.get(update.requestId());
      check(client.finishReason == null, "an update comes after the end");
      check(
          update.cachedPromptTokens() <= commonTokens(client),
          "more was cached than any request with this salt had computed");
      client.tokens.addAll(update.tokens());
      client.text.append(update.text());
      client.finishReason = update.finishReason();
      stepTokens += update.computedTokens();
      reportedNanos += update.deviceNanos();
      reportedTokens += update.tokens().size();
      reportedDrafted += update.draftedTokens();
      reportedAccepted += update.acceptedTokens();
      check(
          update.acceptedTokens() <= Math.min(update.draftedTokens(), update.tokens().size()),
          "more was accepted than drafted or reported");
      if (update.computedTokens() > 0) {
        check(computed.add(update.requestId()), "one request has two updates in a step");
        coverage.chunkedSteps += update.tokens().isEmpty() ? 1 : 0;
      }
    }
    check(!updates.isEmpty(), "a step with work to do does nothing");
    check(stepTokens <= config.stepTokensMax(), "a step is over its budget");
    checkSequences(computed);
  }

  private void checkSequences(Set<String> computed) {
    BlockPool pool = engine.pool();
    List<Sequence> running = engine.scheduler().running();
    check(running.size() <= config.sequencesMax(), "too many sequences run");
    int[] tables = new int[pool.size()];
    int priority = Integer.MIN_VALUE;
    for (Sequence sequence : running) {
      int seniority = sequence.isSenior() ? Integer.MIN_VALUE : sequence.priority();
      check(seniority >= priority, "the running sequences are out of order");
      priority = seniority;
      coverage.seniors += sequence.isSenior() ? 1 : 0;
      check(
          clients.get(sequence.id()).request.deadlineMs() > nowMs,
          "a sequence runs past its deadline");
      check(!sequence.isFinished(), "a finished sequence runs");
      check(computed.contains(sequence.id()), "a running sequence stands still");
      check(sequence.pendingTokens() > 0, "a running sequence has nothing to compute");
      check(
          sequence.computedTokens() <= sequence.blockTable().capacityTokens(),
          "computed tokens lie in no block");
      check(
          sequence.blockTable().size() <= pool.blocksFor(sequence.length()),
          "a sequence keeps blocks that a draft had taken");
      for (int i = 0; i < sequence.blockTable().size(); i++) {
        int block = sequence.blockTable().blocks()[i];
        tables[block]++;
        coverage.sharedBlocks += tables[block] == 2 ? 1 : 0;
      }
    }
    for (int block = 0; block < tables.length; block++) {
      check(pool.references(block) == tables[block], "a block's references are not its tables");
    }
    check(
        pool.used() == IntStream.of(tables).filter(count -> count > 0).count(),
        "a used block is in no running table");
    check(
        pool.used() + pool.free() + pool.cached() == pool.size(),
        "used, free and cached blocks are not all blocks");
  }

  /** How many tokens a request's prompt has in common with what others of its salt brought. */
  private int commonTokens(Client client) {
    int common = 0;
    for (Client other : clients.values()) {
      if (other != client
          && submitted.contains(other.request.id())
          && other.request.cacheSalt().equals(client.request.cacheSalt())) {
        int mismatch = Arrays.mismatch(client.request.promptTokens(), other.allTokens());
        common = Math.max(common, mismatch < 0 ? Integer.MAX_VALUE : mismatch);
      }
    }
    return common;
  }

  private void compareWithAlone(Client client) throws Exception {
    int[] prompt = client.request.promptTokens();
    EngineConfig one =
        EngineConfig.of(1, 1000, 1, 200, blockTokens, 1000, 1).withPrefixCache(false);
    LocalEngine alone =
        new LocalEngine(model(one), new FakeTokenizer(), one, this::tick, () -> nowMs);
    alone.submit(new GenerationRequest("alone", prompt, client.request.sampling()));
    List<TokenOutput> tokens = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    FinishReason finishReason = null;
    while (alone.hasWork()) {
      for (GenerationUpdate update : alone.step()) {
        tokens.addAll(update.tokens());
        text.append(update.text());
        finishReason = update.finishReason();
      }
    }
    boolean expired = client.finishReason == FinishReason.EXPIRED;
    if (expired || client.finishReason == FinishReason.CANCELLED) {
      coverage.expired += expired ? 1 : 0;
      coverage.cancelled += expired ? 0 : 1;
      check(!expired || client.request.deadlineMs() <= nowMs, "expired before its deadline");
      assertThat(client.tokens.size()).isLessThanOrEqualTo(tokens.size());
      assertThat(notDrafted(client.tokens)).isEqualTo(tokens.subList(0, client.tokens.size()));
      OutputText sofar = new OutputText(new FakeTokenizer(), client.request.sampling().stop());
      client.tokens.forEach(token -> sofar.feed(token.id()));
      sofar.end();
      assertThat(client.text.toString()).isEqualTo(sofar.take());
      return;
    }
    coverage.furtherChoices += client.request.sampling().choice() > 0 ? 1 : 0;
    coverage.stopped += client.finishReason == FinishReason.STOP ? 1 : 0;
    assertThat(notDrafted(client.tokens)).as(client.request.id()).isEqualTo(tokens);
    assertThat(client.text.toString()).isEqualTo(text.toString());
    assertThat(client.finishReason).isEqualTo(finishReason);
  }

  /** What was drafted is all that may differ. */
  private static List<TokenOutput> notDrafted(List<TokenOutput> tokens) {
    return tokens.stream()
        .map(t -> new TokenOutput(t.id(), t.logprob(), t.alternatives(), false))
        .toList();
  }

  /**
   * In each step the most senior computes a token. What it has computed is lost only to one that is
   * more senior and joins later, or to a restart.
   */
  private int stepsMax() {
    int tokens = clients.values().stream().mapToInt(Client::tokensMax).sum();
    return 200 + tokens * (clients.size() + 1);
  }

  private long tick() {
    nanos += 1 + random.nextInt(1_000_000);
    return nanos;
  }

  private static FakeModel model(EngineConfig config) {
    return new FakeModel(config.kvBlocks(), config.blockTokens());
  }

  private Speculation speculation() {
    if (random.nextInt(4) == 0) {
      return Speculation.OFF;
    }
    return new Speculation(
        Speculation.Method.DRAFT_MODEL, 1 + random.nextInt(6), random.nextInt(4) == 0);
  }

  /** One that is made up, n-grams, or a draft model that agrees at times and is short of blocks. */
  private DraftProposer proposer() {
    List<TestProposer.Kind> kinds = List.of(TestProposer.Kind.values());
    int kind = random.nextInt(kinds.size() + 2);
    if (kind < kinds.size()) {
      return new TestProposer(kinds.get(kind), new Random(random.nextLong()));
    }
    DraftProposer ngrams = new NgramProposer(1 + random.nextInt(3), 1);
    if (kind == kinds.size()) {
      return ngrams;
    }
    DraftProposer model =
        new DraftModelProposer(
            new FakeModel(1 + random.nextInt(40), 1 + random.nextInt(5)),
            new FakeTokenizer(),
            FakeModel.VOCAB_SIZE,
            1 + random.nextInt(20),
            this::tick);
    return random.nextBoolean() ? model : new ChainedProposer(ngrams, model);
  }

  private void addClients(String id) {
    int[] prompt = prompt();
    List<String> stops = new ArrayList<>();
    for (int n = random.nextInt(3); n > 0; n--) {
      stops.add(STOPS.get(random.nextInt(STOPS.size())));
    }
    SamplingParams params =
        new SamplingParams(
            random.nextBoolean() ? 0 : 0.2f + random.nextFloat(),
            random.nextBoolean() ? 0 : 1 + random.nextInt(10),
            random.nextBoolean() ? 1 : 0.5f + random.nextFloat() / 2,
            random.nextBoolean() ? 0 : random.nextFloat() / 4,
            random.nextBoolean() ? 1 : 0.8f + random.nextFloat(),
            random.nextLong(),
            1 + random.nextInt(20),
            stops,
            random.nextInt(5) - 1,
            random.nextBoolean());
    int arrivalStep = random.nextInt(15);
    int priority = random.nextInt(3);
    String salt = salt();
    String tenant = "tenant " + random.nextInt(3);
    long deadlineMs =
        random.nextInt(8) == 0 ? arrivalStep + random.nextInt(30) : GenerationRequest.NO_DEADLINE;
    int choices = random.nextInt(3) == 0 ? 2 + random.nextInt(3) : 1;
    for (int choice = 0; choice < choices; choice++) {
      int cancelStep =
          random.nextInt(8) == 0 ? arrivalStep + random.nextInt(30) : Integer.MAX_VALUE;
      GenerationRequest request =
          new GenerationRequest(
              id + "/" + choice,
              prompt,
              params.withChoice(choice),
              priority,
              List.of(),
              salt,
              tenant,
              deadlineMs);
      clients.put(request.id(), new Client(request, arrivalStep, cancelStep));
    }
  }

  /** The common start, or some of it, or nothing of it; then tokens of its own, if any. */
  private int[] prompt() {
    int[] prompt = tokens(1 + random.nextInt(20));
    int common = random.nextInt(3) == 0 ? 0 : random.nextInt(commonStart.length + 1);
    System.arraycopy(commonStart, 0, prompt, 0, Math.min(common, prompt.length));
    return prompt;
  }

  private String salt() {
    int salt = random.nextInt(5);
    return salt < 3 ? "" : "tenant " + salt;
  }

  private int[] tokens(int count) {
    return random.ints(count, 0, FakeModel.VOCAB_SIZE).toArray();
  }

  /** Like assertThat, but fast enough for all sequences at all steps of thousands of lives. */
  private static void check(boolean holds, String problem) {
    if (!holds) {
      throw new AssertionError(problem);
    }
  }
}
