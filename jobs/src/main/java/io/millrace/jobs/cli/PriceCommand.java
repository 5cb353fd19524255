package io.millrace.jobs.cli;

import io.millrace.jobs.cost.CatalogueException;
import io.millrace.jobs.cost.ModelPrice;
import io.millrace.jobs.cost.PriceCatalogue;
import io.millrace.jobs.cost.PriceTier;
import io.millrace.jobs.cost.Prices;
import io.millrace.jobs.cost.Quote;
import io.millrace.jobs.cost.TokenUsage;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code price}: what a request would cost. */
@Command(
    name = "price",
    sortOptions = false,
    description = {
      "What a request costs at a catalogue's price per token, in USD.",
      "Prints the exact amount as a plain decimal and nothing else; or 'unpriced', with exit code 3,"
          + " and why on standard error."
    })
final class PriceCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--catalogue",
      paramLabel = "FILE",
      description =
          "Prices, in the format of LiteLLM's model_prices_and_context_window.json. Default: the"
              + " small catalogue that ships with the program.")
  private Path catalogue;

  @Option(
      names = "--overrides",
      paramLabel = "FILE",
      description = "Prices that go before the catalogue's, in the same format.")
  private Path overrides;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      required = true,
      description = "As LiteLLM names it: gpt-4o, azure/gpt-4o, openai/gpt-4o.")
  private String model;

  @Option(
      names = "--input",
      paramLabel = "N",
      defaultValue = "0",
      description = "Tokens of the prompt, cached and written ones too.")
  private long input;

  @Option(
      names = "--cached",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of these, read from the provider's cache.")
  private long cached;

  @Option(
      names = "--cache-write",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of the prompt's tokens, written to the cache.")
  private long cacheWrite;

  @Option(
      names = "--cache-write-1h",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of the prompt's tokens, written to the cache for an hour.")
  private long cacheWrite1h;

  @Option(
      names = "--output",
      paramLabel = "N",
      defaultValue = "0",
      description = "Tokens of the answer, reasoning too.")
  private long output;

  @Option(
      names = "--reasoning",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of these, reasoning.")
  private long reasoning;

  @Option(
      names = "--tier",
      paramLabel = "TIER",
      defaultValue = "standard",
      description = "standard, batch, flex or priority.")
  private String tier;

  @Option(
      names = "--at",
      paramLabel = "DATE",
      description = "At which day's prices: 2026-01-31, or a time with its offset. Default: now.")
  private String at;

  @Option(
      names = {"-v", "--explain"},
      description = "Show on standard error what the amount is made of.")
  private boolean explain;

  @Override
  public Integer call() {
    PriceTier priceTier =
        PriceTier.named(tier)
            .orElseThrow(
                () ->
                    CommandFailure.wrongUse(
                        "--tier is " + tier + ", must be standard, batch, flex or priority"));
    Instant time = at == null ? Instant.now() : time();
    TokenUsage usage = usage();
    ModelPrice price = prices().of(model);
    Quote quote = price.quote(usage, priceTier, time);

    PrintWriter out = spec.commandLine().getOut();
    out.println(quote.priced() ? plain(quote.usd()) : "unpriced");
    out.flush();
    PrintWriter err = spec.commandLine().getErr();
    if (!quote.priced()) {
      err.println("millrace: " + model + " is unpriced: " + quote.unpriced());
    }
    if (explain) {
      explain(err, price, priceTier, quote);
    }
    err.flush();
    return quote.priced() ? ExitCodes.OK : ExitCodes.UNPRICED;
  }

  private Instant time() {
    return PriceCatalogue.Times.parse(at)
        .orElseThrow(
            () -> CommandFailure.wrongUse("--at is " + at + ", must be a date such as 2026-01-31"));
  }

  private TokenUsage usage() {
    try {
      return new TokenUsage(input, cached, cacheWrite, cacheWrite1h, output, reasoning);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.wrongUse("--" + e.getMessage());
    }
  }

  private Prices prices() {
    readable("--catalogue", catalogue);
    readable("--overrides", overrides);
    try {
      return Prices.read(catalogue, overrides);
    } catch (CatalogueException e) {
      throw CommandFailure.failed(e.getMessage(), e);
    }
  }

  private static void readable(String option, Path file) {
    if (file != null && !(Files.isRegularFile(file) && Files.isReadable(file))) {
      throw CommandFailure.wrongUse(option + " " + file + " is no file that can be read");
    }
  }

  private static void explain(PrintWriter err, ModelPrice price, PriceTier tier, Quote quote) {
    err.println(
        price.model()
            + ", "
            + tier.label()
            + " tier, from "
            + price.source()
            + " ("
            + price.version()
            + ")");
    for (Quote.Term term : quote.terms()) {
      err.printf(
          "%-16s %12d x %s = %s%n",
          term.kind().label(), term.tokens(), plain(term.usdPerToken()), plain(term.usd()));
    }
  }

  private static String plain(BigDecimal usd) {
    return usd.stripTrailingZeros().toPlainString();
  }
}
