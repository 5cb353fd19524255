package io.millrace.jobs.metrics;

import java.util.HashSet;
import java.util.Set;

/** Bounds how many tenants metrics name: the first ones, and the rest as one. */
final class TenantLabels {
  /** Stands for all tenants beyond the first ones. */
  static final String OTHER = "other";

  private final int max;
  private final Set<String> named = new HashSet<>();

  TenantLabels(int max) {
    this.max = max;
  }

  /** The label of a tenant; null for null. */
  String of(String tenant) {
    if (tenant == null || named.contains(tenant)) {
      return tenant;
    }
    return named.size() < max && named.add(tenant) ? tenant : OTHER;
  }
}
