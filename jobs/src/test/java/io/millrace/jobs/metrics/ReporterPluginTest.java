package io.millrace.jobs.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.core.plugin.DefaultPluginManager;
import org.apache.flink.core.plugin.PluginDescriptor;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The reporter's jar has all that it needs beside Flink. */
class ReporterPluginTest {
  private static final String SERVICE =
      "META-INF/services/org.apache.flink.metrics.reporter.MetricReporterFactory";

  /** Has Flink and the libraries, but nothing of ours, as Flink's processes do. */
  private static final class WithoutUs extends ClassLoader {
    WithoutUs() {
      super(ReporterPluginTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.startsWith("io.millrace.")) {
        throw new ClassNotFoundException(name);
      }
      return super.loadClass(name, resolve);
    }

    @Override
    public URL getResource(String name) {
      return name.startsWith("META-INF/services/") ? null : super.getResource(name);
    }
  }

  @Test
  void isLoadedByFlinkAsAPlugin(@TempDir Path folder) throws Exception {
    MetricReporterFactory factory = factory(jar(folder));
    assertThat(factory.getClass().getName()).isEqualTo(PrometheusReporterFactory.class.getName());
    assertThat(factory.getClass().getClassLoader())
        .isNotEqualTo(ReporterPluginTest.class.getClassLoader());

    int port = freePort();
    MetricConfig config = new MetricConfig();
    config.setProperty("port", port + "-" + (port + 20));
    MetricReporter reporter = factory.createMetricReporter(config);
    try {
      Counter counter = new SimpleCounter();
      counter.inc(7);
      ShownMetrics group = new ShownMetrics(new LlmText());
      reporter.notifyOfAddedMetric(counter, "llm_tokens_output_total", group);
      reporter.notifyOfAddedMetric(counter, "numRecordsIn", group);
      assertThat(page(port))
          .isEqualTo(
              """
              # HELP llm_tokens_output_total Tokens generated for settled requests, over all choices.
              # TYPE llm_tokens_output_total counter
              llm_tokens_output_total{} 7
              """);
      reporter.notifyOfRemovedMetric(counter, "llm_tokens_output_total", group);
      assertThat(page(port)).isEmpty();
    } finally {
      reporter.close();
    }
  }

  private static MetricReporterFactory factory(Path jar) throws IOException {
    PluginDescriptor plugin =
        new PluginDescriptor("millrace-metrics", new URL[] {jar.toUri().toURL()}, new String[0]);
    var plugins =
        new DefaultPluginManager(
            List.of(plugin),
            new WithoutUs(),
            CoreOptions.getPluginParentFirstLoaderPatterns(new Configuration()));
    return plugins.load(MetricReporterFactory.class).next();
  }

  /** As jobs/pom.xml has Maven build it. */
  private static Path jar(Path folder) throws Exception {
    String pom = Files.readString(Path.of(System.getProperty("millrace.home"), "jobs", "pom.xml"));
    assertThat(pom)
        .contains("<include>io/millrace/jobs/metrics/*</include>")
        .contains("<include>" + SERVICE + "</include>");
    Path jar = folder.resolve("metrics.jar");
    Path classes =
        Path.of(LlmText.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file);
        Stream<Path> all = Files.list(classes.resolve("io/millrace/jobs/metrics"))) {
      for (Path path : all.toList()) {
        out.putNextEntry(new JarEntry("io/millrace/jobs/metrics/" + path.getFileName()));
        out.write(Files.readAllBytes(path));
      }
      out.putNextEntry(new JarEntry(SERVICE));
      try (InputStream service = LlmText.class.getResourceAsStream("/" + SERVICE)) {
        service.transferTo(out);
      }
    }
    return jar;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static String page(int port) throws IOException {
    URI uri = URI.create("http://127.0.0.1:" + port + "/metrics");
    try (InputStream page = uri.toURL().openStream()) {
      return new String(page.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
