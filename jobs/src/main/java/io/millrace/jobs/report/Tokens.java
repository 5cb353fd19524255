package io.millrace.jobs.report;

/**
 * Tokens that models worked on; answers that were reused have none.
 *
 * @param fresh of prompts, computed
 * @param cached of prompts, read from a prefix cache
 * @param cacheWritten of prompts, computed and written to a cache that charges for it
 * @param output generated
 * @param drafted proposed by drafts
 * @param accepted of these, accepted; part of {@code output}
 * @param pricedPrompt of the prompts' tokens, those in rows with a known price
 * @param pricedOutput the same of {@code output}
 */
public record Tokens(
    long fresh,
    long cached,
    long cacheWritten,
    long output,
    long drafted,
    long accepted,
    long pricedPrompt,
    long pricedOutput) {

  /** Of prompts. */
  public long prompt() {
    return fresh + cached + cacheWritten;
  }

  /** All that has a price. */
  public long priced() {
    return pricedPrompt + pricedOutput;
  }

  Tokens plus(Tokens other) {
    return new Tokens(
        fresh + other.fresh,
        cached + other.cached,
        cacheWritten + other.cacheWritten,
        output + other.output,
        drafted + other.drafted,
        accepted + other.accepted,
        pricedPrompt + other.pricedPrompt,
        pricedOutput + other.pricedOutput);
  }
}
