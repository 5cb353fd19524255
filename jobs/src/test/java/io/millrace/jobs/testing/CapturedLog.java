package io.millrace.jobs.testing;

import java.io.StringWriter;
import java.util.HashMap;
import java.util.Map;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.WriterAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is logged at INFO and above, stack traces too, until it is closed. */
public final class CapturedLog implements AutoCloseable {
  private final LoggerContext context = LoggerContext.getContext(false);
  private final StringWriter text = new StringWriter();
  private final Map<String, Level> levelsBefore = new HashMap<>();
  private final WriterAppender appender =
      WriterAppender.createAppender(
          PatternLayout.newBuilder().setPattern("%p %c %m%n%ex").build(),
          null,
          text,
          "captured",
          false,
          true);

  private CapturedLog() {}

  /**
   * @param loggers whose level is lowered to INFO meanwhile; "" is the root
   */
  public static CapturedLog of(String... loggers) {
    CapturedLog log = new CapturedLog();
    log.appender.start();
    LoggerConfig root = log.context.getConfiguration().getRootLogger();
    for (String name : loggers) {
      log.levelsBefore.put(name, log.context.getConfiguration().getLoggerConfig(name).getLevel());
    }
    root.addAppender(log.appender, Level.INFO, null);
    // The console goes on with what it had.
    root.getAppenders()
        .forEach(
            (name, other) -> {
              if (other != log.appender) {
                root.removeAppender(name);
                root.addAppender(other, Level.ERROR, null);
              }
            });
    for (String name : loggers) {
      Configurator.setLevel(name, Level.INFO);
    }
    return log;
  }

  /** A logger that is captured. */
  public Logger logger() {
    return LoggerFactory.getLogger(CapturedLog.class);
  }

  public String text() {
    return text.toString();
  }

  @Override
  public void close() {
    levelsBefore.forEach(Configurator::setLevel);
    context.getConfiguration().getRootLogger().removeAppender("captured");
    appender.stop();
  }
}
