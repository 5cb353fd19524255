package io.millrace.jobs.budget;

/**
 * What memory has of one tenant.
 *
 * @param account its money
 * @param deferred its prompts that wait
 */
record TenantBooks(Account account, DeferredPrompts deferred) {

  /** Whether keyed state alone can stand for it until something comes. */
  boolean idle() {
    return account.reservations() == 0;
  }
}
