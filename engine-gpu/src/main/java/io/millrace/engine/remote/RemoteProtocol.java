package io.millrace.engine.remote;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.http.HttpRequest;

/** How a remote model is spoken to. Stateless. */
public interface RemoteProtocol {

  /** As rows and options name it. */
  String name();

  /** What is appended to the API's base. */
  String path();

  /** Adds the protocol's headers, and the one with the key if there is one. */
  void addHeaders(HttpRequest.Builder request, ApiKey key);

  /**
   * The body of a call.
   *
   * @param chat what is asked, in OpenAI's form; may be changed
   * @throws IllegalArgumentException naming what this protocol has no way to ask for
   */
  ObjectNode body(ObjectNode chat, String remoteModel);

  /** Puts together the answer to one call. */
  AnswerReader reader();
}
