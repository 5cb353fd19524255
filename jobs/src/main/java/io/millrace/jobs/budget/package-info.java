/** Budgets: what a tenant may spend in a period, and what waits or is refused beyond it. */
package io.millrace.jobs.budget;
