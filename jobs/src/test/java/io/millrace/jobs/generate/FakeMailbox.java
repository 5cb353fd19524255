package io.millrace.jobs.generate;

import static org.assertj.core.api.Assertions.fail;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.util.function.ThrowingRunnable;

/** A mailbox whose mails run when a test says so. */
final class FakeMailbox implements MailboxExecutor {
  private static final long WAIT_SECONDS = 60;

  private final LinkedBlockingQueue<ThrowingRunnable<? extends Exception>> mails =
      new LinkedBlockingQueue<>();
  private volatile boolean closed;

  /** From now on mails are refused, as by a task that ends. */
  void close() {
    closed = true;
  }

  int waiting() {
    return mails.size();
  }

  /** Waits for the next mail and runs it. */
  void runNext() throws Exception {
    ThrowingRunnable<? extends Exception> mail = mails.poll(WAIT_SECONDS, TimeUnit.SECONDS);
    if (mail == null) {
      fail("no mail came");
    }
    mail.run();
  }

  @Override
  public void execute(
      MailOptions options,
      ThrowingRunnable<? extends Exception> mail,
      String description,
      Object... arguments) {
    if (closed) {
      throw new RejectedExecutionException("closed");
    }
    mails.add(mail);
  }

  @Override
  public void yield() {
    throw new UnsupportedOperationException("the driver does not wait here");
  }

  @Override
  public boolean tryYield() {
    throw new UnsupportedOperationException("the driver does not wait here");
  }

  @Override
  public boolean shouldInterrupt() {
    throw new UnsupportedOperationException("the driver does not ask");
  }
}
