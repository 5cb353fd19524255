package io.millrace.jobs;

import io.millrace.jobs.cost.CatalogueException;
import io.millrace.jobs.cost.ModelPrice;
import io.millrace.jobs.cost.PriceTier;
import io.millrace.jobs.cost.Prices;
import io.millrace.jobs.cost.Pricing;
import io.millrace.jobs.cost.Quote;
import io.millrace.jobs.cost.TokenUsage;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From the configuration to how a model's work is billed. */
final class Pricings {
  private static final Logger LOG = LoggerFactory.getLogger(Pricings.class);
  private static final String CATALOGUE = "catalogue:";

  private Pricings() {}

  /**
   * @throws IllegalArgumentException if an option makes no sense, or a catalogue cannot be read
   */
  static Pricing of(Configuration options, String model) {
    ModelOptions of = new ModelOptions(model);
    RemoteModelOptions remote = new RemoteModelOptions(model);
    if (remote.remote(options)) {
      return remote(options, model, remote.chain(options));
    }
    String price = options.get(of.price);
    boolean perToken = perToken(price);
    if (!perToken && options.get(of.tier) != PriceTier.STANDARD) {
      throw new IllegalArgumentException(
          of.tier.key() + " is for prices per token, and " + of.price.key() + " is " + price);
    }
    if (price.equals("device")) {
      return Pricing.deviceHour(decimal(options, of.deviceHourUsd));
    }
    if (price.equals("electricity")) {
      return Pricing.electricity(decimal(options, of.kwhUsd), decimal(options, of.watts));
    }
    if (perToken) {
      return tokens(options, model, price.substring(CATALOGUE.length()));
    }
    throw new IllegalArgumentException(
        of.price.key() + " is " + price + ", must be device, electricity or catalogue:NAME");
  }

  /** Whether a model is billed by the time that it takes. */
  static boolean byTime(Configuration options, String model) {
    return !new RemoteModelOptions(model).remote(options)
        && !perToken(options.get(new ModelOptions(model).price));
  }

  /** Whether such a price is one per token. */
  private static boolean perToken(String price) {
    return price.startsWith(CATALOGUE) && price.length() > CATALOGUE.length();
  }

  /** Providers bill tokens; a price that is not named is that of the model's name with them. */
  private static Pricing remote(Configuration options, String model, Set<String> chain) {
    Map<String, ModelPrice> prices = new HashMap<>();
    for (String name : chain) {
      ConfigOption<String> price = new ModelOptions(name).price;
      String remoteModel = options.get(new RemoteModelOptions(name).remoteModel);
      String of = options.getOptional(price).orElse(CATALOGUE + remoteModel);
      if (!of.startsWith(CATALOGUE) || of.length() == CATALOGUE.length()) {
        throw new IllegalArgumentException(
            price.key() + " is " + of + ", must be catalogue:NAME for a remote model");
      }
      ConfigOption<PriceTier> tier = new ModelOptions(name).tier;
      if (options.contains(tier)) {
        throw new IllegalArgumentException(
            tier.key() + " is not for remote models, whose servers say which tier they serve");
      }
      prices.put(name, price(options, name, of.substring(CATALOGUE.length())));
    }
    return Pricing.remote(model, prices);
  }

  private static Pricing tokens(Configuration options, String model, String name) {
    return Pricing.tokens(price(options, model, name), options.get(new ModelOptions(model).tier));
  }

  private static ModelPrice price(Configuration options, String model, String name) {
    try {
      ModelPrice price =
          Prices.read(
                  path(options, MillraceOptions.PRICE_CATALOGUE),
                  path(options, MillraceOptions.PRICE_OVERRIDES))
              .of(name);
      PriceTier tier = options.get(new ModelOptions(model).tier);
      Quote one = price.quote(TokenUsage.of(1, 1), tier, Instant.now());
      if (!one.priced()) {
        LOG.warn("the work of model {} is unpriced, as {} is: {}", model, name, one.unpriced());
      }
      return price;
    } catch (CatalogueException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static Path path(Configuration options, ConfigOption<String> option) {
    return options.getOptional(option).map(Path::of).orElse(null);
  }

  private static BigDecimal decimal(Configuration options, ConfigOption<String> option) {
    String value = options.get(option);
    try {
      return new BigDecimal(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          option.key() + " is " + value + ", must be a decimal number", e);
    }
  }
}
