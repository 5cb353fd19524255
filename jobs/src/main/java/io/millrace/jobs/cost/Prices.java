package io.millrace.jobs.cost;

import java.nio.file.Path;

/**
 * Where prices are looked up: in the user's overrides, then in the catalogue, which is a file of
 * the user's or else the shipped one.
 */
public final class Prices {
  private final PriceCatalogue overrides;
  private final PriceCatalogue catalogue;

  private Prices(PriceCatalogue overrides, PriceCatalogue catalogue) {
    this.overrides = overrides;
    this.catalogue = catalogue;
  }

  /**
   * Reads the files.
   *
   * @param catalogue null for the shipped one
   * @param overrides null for none
   * @throws CatalogueException if one of them cannot be read
   */
  public static Prices read(Path catalogue, Path overrides) throws CatalogueException {
    return new Prices(
        overrides == null ? null : PriceCatalogue.read(overrides),
        catalogue == null ? PriceCatalogue.shipped() : PriceCatalogue.read(catalogue));
  }

  /** What a model costs per token; unpriced if no catalogue knows it. */
  public ModelPrice of(String model) {
    if (overrides != null) {
      var overridden = overrides.find(model);
      if (overridden.isPresent()) {
        return overridden.get();
      }
    }
    return catalogue
        .find(model)
        .orElseGet(
            () ->
                ModelPrice.unpriced(
                    model,
                    catalogue.source(),
                    catalogue.version(),
                    "there is no model " + model + " in " + catalogue.source()));
  }
}
