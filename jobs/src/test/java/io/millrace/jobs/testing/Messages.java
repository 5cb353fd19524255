package io.millrace.jobs.testing;

import io.millrace.schemas.Message;

/** Messages that call no tools. */
public final class Messages {
  private Messages() {}

  public static Message of(String role, String content) {
    return of(role, content, null);
  }

  public static Message of(String role, String content, String name) {
    return Message.newBuilder().setRole(role).setContent(content).setName(name).build();
  }
}
