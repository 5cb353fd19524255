package io.millrace.jobs.budget;

import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.state.Reservation;
import io.millrace.jobs.state.SpentInPeriod;
import io.millrace.jobs.state.TenantAccount;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.streaming.api.operators.KeyContext;

/**
 * Keyed state of the budget vertex; the key is a tenant.
 *
 * <p>A busy tenant has thousands of reservations, and each prompt changes them twice: so the books
 * are kept in memory, and keyed state gets them when a checkpoint is taken, or when there are too
 * many. Those of tenants with no prompt being answered leave memory then. Deferred prompts are in
 * keyed state at once.
 */
final class BudgetState {
  private static final String ACCOUNT = "account";

  /** Books that may be in memory though nothing is reserved in them. */
  private static final int BOOKS_MAX = 10_000;

  private final KeyContext keys;
  private final ValueState<TenantAccount> accounts;
  private final ListState<AdmittedPrompt> deferred;
  private final Map<String, TenantBooks> open = new HashMap<>();
  private int writeAbove = BOOKS_MAX;

  BudgetState(KeyContext keys, RuntimeContext context) {
    this.keys = keys;
    accounts =
        context.getState(
            new ValueStateDescriptor<>(ACCOUNT, new AvroTypeInfo<>(TenantAccount.class)));
    deferred =
        context.getListState(
            new ListStateDescriptor<>("deferred", new AvroTypeInfo<>(AdmittedPrompt.class)));
  }

  /** The books of the tenant that is the current key; what is done to them is kept. */
  TenantBooks of(String tenant) throws Exception {
    TenantBooks books = open.get(tenant);
    if (books == null) {
      if (open.size() >= writeAbove) {
        write();
        keys.setCurrentKey(tenant);
      }
      books = read();
      open.put(tenant, books);
    }
    return books;
  }

  /** Has keyed state hold everything; makes other keys the current one. */
  void write() throws Exception {
    for (Map.Entry<String, TenantBooks> entry : open.entrySet()) {
      keys.setCurrentKey(entry.getKey());
      write(entry.getValue());
    }
    open.values().removeIf(TenantBooks::idle);
    writeAbove = open.size() + BOOKS_MAX;
  }

  /** Every tenant that has books, as a list: state may change while it is walked. */
  static List<String> tenants(KeyedStateBackend<String> backend) {
    try (Stream<String> keys = backend.getKeys(ACCOUNT, VoidNamespace.INSTANCE)) {
      return keys.toList();
    }
  }

  private TenantBooks read() throws Exception {
    Account account = new Account();
    TenantAccount kept = accounts.value();
    if (kept == null) {
      return new TenantBooks(account, new DeferredPrompts(deferred, 0, 0, 0));
    }
    for (SpentInPeriod spent : kept.getSpent()) {
      account.restoreSpent(
          Period.valueOf(spent.getPeriod().toUpperCase(Locale.ROOT)),
          spent.getStartMs(),
          new BigDecimal(spent.getUsd()));
    }
    for (Reservation reservation : kept.getReservations()) {
      account.reserve(reservation.getRequestId(), new BigDecimal(reservation.getUsd()));
    }
    return new TenantBooks(
        account,
        new DeferredPrompts(
            deferred, kept.getDeferredTaken(), kept.getDeferred(), kept.getDeferredBytes()));
  }

  private void write(TenantBooks books) throws Exception {
    List<SpentInPeriod> spent = new ArrayList<>();
    books
        .account()
        .forEachSpent(
            (period, startMs, usd) ->
                spent.add(new SpentInPeriod(period.label(), startMs, usd.toPlainString())));
    List<Reservation> reservations = new ArrayList<>();
    books
        .account()
        .forEachReservation(
            (id, usd) -> reservations.add(new Reservation(id, usd.toPlainString())));
    if (spent.isEmpty() && reservations.isEmpty() && books.deferred().isEmpty()) {
      accounts.clear();
      return;
    }
    accounts.update(
        TenantAccount.newBuilder()
            .setSpent(spent)
            .setReservations(reservations)
            .setDeferred(books.deferred().count())
            .setDeferredBytes(books.deferred().bytes())
            .setDeferredTaken(books.deferred().taken())
            .build());
  }
}
