package io.millrace.jobs.budget;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Who may spend what, as it travels to the tasks that watch over it. */
public final class Budgets implements Serializable {
  private static final long serialVersionUID = 1L;

  private final Budget others;
  private final HashMap<String, Budget> tenants;

  /**
   * @param others of every tenant that is not named, or null for none
   * @param tenants by name; null for one that has no budget though others have
   */
  public Budgets(Budget others, Map<String, Budget> tenants) {
    this.others = others;
    this.tenants = new HashMap<>(tenants);
  }

  /**
   * Reads a file of budgets.
   *
   * @throws IllegalArgumentException with one line that names the file and what is wrong in it
   */
  public static Budgets read(Path file) {
    return BudgetFile.read(file);
  }

  /** A tenant's budget, or null if it has none. */
  public Budget of(String tenant) {
    return tenants.containsKey(tenant) ? tenants.get(tenant) : others;
  }
}
