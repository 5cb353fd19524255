package io.millrace.engine.remote;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.TreeMap;

/** The parts of an answer that grow while it comes: its text, and the tools that it calls. */
final class AnswerText {

  private static final class Call {
    String id = "";
    String name = "";
    final StringBuilder arguments = new StringBuilder();
  }

  private final StringBuilder text = new StringBuilder();
  private final TreeMap<Integer, Call> calls = new TreeMap<>();
  private long length;

  void append(String more) throws RemoteException {
    count(more);
    text.append(more);
  }

  /**
   * Adds to a tool call.
   *
   * @param index which of them
   * @param id null where it is known already, as with {@code name}
   * @param arguments more of the text that the arguments are
   */
  void call(int index, String id, String name, String arguments) throws RemoteException {
    Call call = calls.computeIfAbsent(index, i -> new Call());
    if (calls.size() > RemoteLimits.TOOL_CALLS_MAX) {
      throw RemoteException.broken("the answer has too many tool calls");
    }
    count(id);
    count(name);
    count(arguments);
    call.id = id != null ? id : call.id;
    call.name = name != null ? name : call.name;
    if (arguments != null) {
      call.arguments.append(arguments);
    }
  }

  boolean isEmpty() {
    return text.length() == 0 && calls.isEmpty();
  }

  String text() {
    return text.toString();
  }

  /** OpenAI's {@code tool_calls} as JSON text; null for none. */
  String toolCalls() {
    if (calls.isEmpty()) {
      return null;
    }
    ArrayNode array = StreamJson.MAPPER.createArrayNode();
    for (Call call : calls.values()) {
      ObjectNode node = array.addObject().put("id", call.id).put("type", "function");
      node.putObject("function")
          .put("name", call.name)
          .put("arguments", call.arguments.length() == 0 ? "{}" : call.arguments.toString());
    }
    return array.toString();
  }

  private void count(String more) throws RemoteException {
    length += more == null ? 0 : more.length();
    if (length > RemoteLimits.ANSWER_LENGTH_MAX) {
      throw RemoteException.broken(
          "the answer has more than " + RemoteLimits.ANSWER_LENGTH_MAX + " characters");
    }
  }
}
