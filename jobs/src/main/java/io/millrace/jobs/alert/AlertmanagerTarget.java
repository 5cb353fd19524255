package io.millrace.jobs.alert;

import java.io.Serializable;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Which Alertmanager, and how patient one is with it.
 *
 * @param base {@code http://host:port}, with a path where it is served below one
 * @param token path of a file with the bearer token that it asks for; null for none
 * @param timeout of a connection, and of an answer
 * @param retryAfter wait before the second try; twice as long before the third
 * @param waitingMax anomalies that wait to be sent; further ones are dropped
 */
public record AlertmanagerTarget(
    String base, String token, Duration timeout, Duration retryAfter, int waitingMax)
    implements Serializable {

  /**
   * @throws IllegalArgumentException on a base that is no such URL, or holds a login
   */
  public AlertmanagerTarget {
    URI url = URI.create(base);
    if (!("http".equals(url.getScheme()) || "https".equals(url.getScheme()))
        || url.getHost() == null
        || url.getUserInfo() != null
        || url.getQuery() != null) {
      throw new IllegalArgumentException("must be http://host:port or https://, without a login");
    }
  }

  URI url() {
    return URI.create(base.endsWith("/") ? base : base + "/");
  }

  Path tokenFile() {
    return token == null ? null : Path.of(token);
  }
}
