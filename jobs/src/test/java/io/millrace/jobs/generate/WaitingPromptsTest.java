package io.millrace.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.state.AdmittedPrompt;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WaitingPromptsTest {
  private static final int NEVER = Integer.MAX_VALUE;

  /** By fingerprint. */
  private final Map<String, AdmittedPrompt> prompts = new HashMap<>();

  private long admissions;

  @Test
  void givesAnotherTenantsPromptTheNextTurnHoweverManyWait() {
    WaitingPrompts waiting = new WaitingPrompts(4, NEVER);
    for (int i = 0; i < 100; i++) {
      waiting.add(prompt("flood", 0));
    }
    begin(waiting, 4);
    assertThat(waiting.hasTurn()).isFalse();

    AdmittedPrompt modest = prompt("modest", 0);
    waiting.add(modest);
    assertThat(waiting.hasTurn()).isTrue();
    assertThat(waiting.take()).isEqualTo(modest.getFingerprint());
    waiting.began(modest);

    AdmittedPrompt second = prompt("modest", 0);
    waiting.add(second);
    assertThat(waiting.hasTurn()).isFalse();
    waiting.ended(of("flood", 0));
    waiting.ended(of("flood", 0));
    assertThat(waiting.hasTurn()).isTrue();
    assertThat(waiting.take()).isEqualTo(second.getFingerprint());
  }

  @Test
  void sharesTheEngineEquallyBetweenTenantsThatWait() {
    WaitingPrompts waiting = new WaitingPrompts(9, NEVER);
    for (String tenant : List.of("a", "b", "c")) {
      for (int i = 0; i < 20; i++) {
        waiting.add(prompt(tenant, 0));
      }
    }
    List<String> begun = begin(waiting, 9);
    assertThat(begun.stream().filter("a"::equals).count()).isEqualTo(3);
    assertThat(begun.stream().filter("b"::equals).count()).isEqualTo(3);

    // One of them is served sooner; it gets what it lacks, not every third turn.
    waiting.ended(of("b", 0));
    waiting.ended(of("b", 0));
    assertThat(begin(waiting, 2)).containsExactly("b", "b");
  }

  @Test
  void takesPriorityBeforeFairnessAndDeadlinesBeforeArrival() {
    WaitingPrompts waiting = new WaitingPrompts(9, NEVER);
    AdmittedPrompt late = prompt("a", 1);
    AdmittedPrompt first = prompt("a", 0);
    AdmittedPrompt due = prompt("a", 0);
    due.setDeadlineMs(5L);
    AdmittedPrompt urgent = prompt("a", -1);
    List.of(late, first, due, urgent).forEach(waiting::add);

    List<String> order = new ArrayList<>();
    while (!waiting.isEmpty()) {
      order.add(waiting.take());
    }
    assertThat(order)
        .containsExactly(
            urgent.getFingerprint(),
            due.getFingerprint(),
            first.getFingerprint(),
            late.getFingerprint());
  }

  @Test
  void letsNobodyWaitForEverBehindPriority() {
    WaitingPrompts waiting = new WaitingPrompts(9, 3);
    AdmittedPrompt patient = prompt("a", 7);
    waiting.add(patient);
    List<String> order = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      waiting.add(prompt("a", 0));
      order.add(waiting.take());
    }
    assertThat(order.indexOf(patient.getFingerprint())).isEqualTo(3);
  }

  @Test
  void namesThoseWhoseDeadlineHasPassed() {
    WaitingPrompts waiting = new WaitingPrompts(9, NEVER);
    AdmittedPrompt early = prompt("a", 0);
    early.setDeadlineMs(10L);
    AdmittedPrompt later = prompt("a", 0);
    later.setDeadlineMs(20L);
    List.of(later, early, prompt("a", 0)).forEach(waiting::add);

    assertThat(waiting.takeDue(9)).isEmpty();
    assertThat(waiting.takeDue(10)).containsExactly(early.getFingerprint());
    assertThat(waiting.contains(early.getFingerprint())).isFalse();
    assertThat(waiting.size()).isEqualTo(2);
  }

  @Test
  void keepsItsBooksThroughRandomTraffic() {
    long seed = 20_261_123;
    Random random = new Random(seed);
    WaitingPrompts waiting = new WaitingPrompts(12, 5);
    List<AdmittedPrompt> atEngine = new ArrayList<>();
    int taken = 0;
    for (int i = 0; i < 5_000; i++) {
      AdmittedPrompt prompt = prompt("tenant " + random.nextInt(6), random.nextInt(3));
      prompt.getSampling().setN(1 + random.nextInt(3));
      waiting.add(prompt);
      while (waiting.hasTurn()) {
        AdmittedPrompt next = prompts.get(waiting.take());
        waiting.began(next);
        atEngine.add(next);
        taken++;
      }
      int choices = atEngine.stream().mapToInt(p -> p.getSampling().getN()).sum();
      assertThat(choices).as("seed %d", seed).isBetween(1, 12 + 6 + 2);
      while (random.nextInt(2) == 0 && !atEngine.isEmpty()) {
        waiting.ended(atEngine.remove(random.nextInt(atEngine.size())));
      }
    }
    assertThat(taken + waiting.size()).as("seed %d", seed).isEqualTo(5_000);
    while (!waiting.isEmpty()) {
      waiting.take();
    }
    atEngine.forEach(waiting::ended);
    assertThat(waiting.tenants()).as("seed %d", seed).isZero();
  }

  /** Begins so many: whose they are. */
  private List<String> begin(WaitingPrompts waiting, int count) {
    List<String> tenants = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      AdmittedPrompt next = prompts.get(waiting.take());
      waiting.began(next);
      tenants.add(next.getTenant());
    }
    return tenants;
  }

  /** A new prompt, the next to be admitted. */
  private AdmittedPrompt prompt(String tenant, int priority) {
    AdmittedPrompt prompt = of(tenant, priority);
    prompts.put(prompt.getFingerprint(), prompt);
    return prompt;
  }

  private AdmittedPrompt of(String tenant, int priority) {
    AdmittedPrompt prompt = GenerateHarness.prompt(admissions, "prompt " + admissions);
    prompt.setTenant(tenant);
    prompt.setPriority(priority);
    prompt.setAdmittedMs(admissions++);
    return prompt;
  }
}
