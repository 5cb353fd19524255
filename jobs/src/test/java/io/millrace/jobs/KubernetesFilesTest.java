package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.kafka.KafkaConnection;
import io.millrace.jobs.ledger.LedgerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Holds docker/kubernetes to Flink's options, to flink-conf/ and to itself. */
class KubernetesFilesTest {
  private static final Path HOME = Path.of(System.getProperty("millrace.home"));
  private static final Path KUBERNETES = HOME.resolve("docker/kubernetes");

  /** Read in the sources of release 1.15 of the operator, and of Flink's Kubernetes module. */
  private static final Set<String> OF_THE_OPERATOR =
      Set.of(
          "kubernetes.operator.deployment.rollback.enabled",
          "kubernetes.operator.job.upgrade.last-state-fallback.enabled",
          "kubernetes.operator.savepoint.history.max.count",
          "job.autoscaler.enabled",
          "job.autoscaler.catch-up.duration",
          "job.autoscaler.metrics.window",
          "job.autoscaler.stabilization.interval",
          "job.autoscaler.utilization.target",
          "job.autoscaler.scale-down.interval",
          "job.autoscaler.scale-down.max-factor",
          "job.autoscaler.vertex.min-parallelism",
          "job.autoscaler.vertex.max-parallelism",
          "external-resource.gpu.kubernetes.config-key");

  /** What differs: addresses, which are the pods', and what stands in the manifest's own fields. */
  private static final Set<String> ELSEWHERE =
      Set.of(
          "jobmanager.rpc.address",
          "jobmanager.rpc.port",
          "jobmanager.bind-host",
          "taskmanager.bind-host",
          "rest.address",
          "rest.bind-address",
          "rest.port",
          "jobmanager.memory.process.size",
          "taskmanager.memory.process.size",
          "metrics.reporter.prom.port",
          "metrics.reporter.llm.port",
          "metrics.reporter.llm.bind-address");

  private final Map<String, Object> deployment = load("inference.yaml").get(0);
  private final Map<String, Object> spec = map(deployment.get("spec"));
  private final Configuration flink = configuration(spec);
  private final Configuration conf =
      GlobalConfiguration.loadConfiguration(HOME.resolve("flink-conf").toString());

  @Test
  void everyKeyIsAnOptionOfFlinkOrOfTheOperator() throws Exception {
    FlinkOptions.require(flink, OF_THE_OPERATOR);
    Configuration gpu = configuration(map(load("gpu.yaml").get(0).get("spec")));
    FlinkOptions.require(gpu, OF_THE_OPERATOR);
    assertThat(OF_THE_OPERATOR)
        .allMatch(key -> flink.containsKey(key) || gpu.containsKey(key)); // none is left over
  }

  @Test
  void saysWhatFlinkConfSays() {
    Set<String> missing = new TreeSet<>(conf.keySet());
    missing.removeAll(flink.keySet());
    missing.removeAll(ELSEWHERE);
    assertThat(missing).isEmpty();
    for (String key : conf.keySet()) {
      if (!ELSEWHERE.contains(key)) {
        assertThat(flink.getString(key, null).trim())
            .as(key)
            .isEqualTo(conf.getString(key, null).trim());
      }
    }
    assertThat(memory("jobManager"))
        .isEqualTo(conf.getString("jobmanager.memory.process.size", ""));
    assertThat(memory("taskManager"))
        .isEqualTo(conf.getString("taskmanager.memory.process.size", ""));

    Configuration gpu = configuration(map(load("gpu.yaml").get(0).get("spec")));
    Map<String, Object> file = yaml(HOME.resolve("flink-conf/gpu.yaml")).get(0);
    file.forEach((key, value) -> assertThat(gpu.getString(key, "")).isEqualTo(value.toString()));
    assertThat(gpu.keySet()).hasSize(file.size() + 1);
  }

  @Test
  void runsTheJobOfTheImage() throws Exception {
    assertThat(deployment)
        .containsEntry("apiVersion", "flink.apache.org/v1beta1")
        .containsEntry("kind", "FlinkDeployment");
    String pom = Files.readString(HOME.resolve("pom.xml"));
    String version = spec.get("flinkVersion").toString().replaceFirst("v", "").replace('_', '.');
    assertThat(pom).contains("<flink.version>" + version + ".");
    assertThat(Files.readString(HOME.resolve("docker/compose.yaml")))
        .contains("image: " + spec.get("image"));

    Map<String, Object> job = map(spec.get("job"));
    assertThat(Files.readString(HOME.resolve("docker/Dockerfile")))
        .contains(job.get("jarURI").toString().replaceFirst("^local://", ""));
    Class<?> main = Class.forName(job.get("entryClass").toString());
    assertThat(main.getMethod("main", String[].class)).isNotNull();
    assertThat(job).containsEntry("upgradeMode", "savepoint").containsEntry("state", "running");
    Configuration options = arguments(job);
    MillraceOptions.validate(options);
    assertThat(mounts()).contains("/models");
    assertThat(options.get(new ModelOptions("default").path)).startsWith("/models/");
    assertThat(options.get(MillraceOptions.KAFKA_CONFIG))
        .isEqualTo("/etc/millrace/kafka/kafka.properties");
  }

  @Test
  void whatIsMountedIsThere(@TempDir Path directory) throws Exception {
    List<Map<String, Object>> settings = load("settings.yaml");
    assertThat(settings)
        .extracting(s -> s.get("kind"))
        .containsExactly(
            "ConfigMap", "PersistentVolumeClaim", "PersistentVolumeClaim", "NetworkPolicy");
    List<String> names =
        settings.stream().map(s -> map(s.get("metadata")).get("name").toString()).toList();
    Map<String, Object> pod = map(map(spec.get("podTemplate")).get("spec"));
    assertThat(pod.get("volumes").toString())
        .contains("claimName=" + names.get(1), "claimName=" + names.get(2), "name=" + names.get(0));
    for (String path :
        List.of(
            flink.get(CheckpointingOptions.CHECKPOINTS_DIRECTORY),
            flink.get(CheckpointingOptions.SAVEPOINT_DIRECTORY),
            flink.get(HighAvailabilityOptions.HA_STORAGE_PATH))) {
      assertThat(mounts()).anyMatch(mount -> path.startsWith("file://" + mount + "/"));
    }

    // The connection settings are ones that the job can read, and hold no secret.
    Map<String, Object> data = map(settings.get(0).get("data"));
    Path file =
        Files.writeString(
            directory.resolve("kafka.properties"), data.get("kafka.properties").toString());
    KafkaConnection connection = KafkaConnection.of("kafka:9093", Optional.of(file));
    assertThat(connection.toProperties().getProperty("sasl.jaas.config"))
        .contains("password=\"${directory:/etc/millrace/secrets:password}\"");
    assertThat(connection.toProperties().getProperty("ssl.truststore.location"))
        .isEqualTo("/etc/millrace/secrets/truststore.p12");
    assertThat(mounts()).contains("/etc/millrace/secrets", "/etc/millrace/kafka");
    assertThat(data.toString()).doesNotContain("connection-file");

    Map<String, Object> policy = map(settings.get(3).get("spec"));
    String name = map(deployment.get("metadata")).get("name").toString();
    assertThat(policy.get("podSelector").toString()).contains("app=" + name);
    assertThat(policy.get("ingress").toString())
        .contains(
            "port=" + conf.getString("rest.port", ""),
            "port=" + metricsPort("prom"),
            "port=" + metricsPort("llm"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ledger", "anomaly"})
  void otherJobsArePatchesOfThatManifest(String name) throws Exception {
    Map<String, Object> patch = load(name + ".yaml").get(0);
    assertThat(map(patch.get("metadata"))).containsEntry("name", "millrace-" + name);
    assertThat(deployment.keySet()).containsAll(patch.keySet());
    Map<String, Object> patched = map(patch.get("spec"));
    assertThat(spec.keySet()).containsAll(patched.keySet());
    Configuration changed = configuration(patched);
    FlinkOptions.require(changed, OF_THE_OPERATOR);
    assertThat(flink.keySet()).containsAll(changed.keySet());
    Map<String, Object> job = map(patched.get("job"));
    assertThat(Class.forName(job.get("entryClass").toString()).getMethod("main", String[].class))
        .isNotNull();
    Configuration options = arguments(job);
    MillraceOptions.validate(options);
    assertThat(options.get(MillraceOptions.KAFKA_BOOTSTRAP))
        .isEqualTo(arguments(map(spec.get("job"))).get(MillraceOptions.KAFKA_BOOTSTRAP));
    options
        .getOptional(LedgerOptions.DIRECTORY)
        .ifPresent(
            directory -> assertThat(mounts()).anyMatch(mount -> directory.startsWith(mount + "/")));
    assertThat(options.contains(LedgerOptions.DIRECTORY)).isEqualTo(name.equals("ledger"));
  }

  private String metricsPort(String reporter) {
    return flink.getString("metrics.reporter." + reporter + ".port", null);
  }

  private String memory(String process) {
    return map(map(spec.get(process)).get("resource")).get("memory").toString();
  }

  private List<String> mounts() {
    Map<String, Object> pod = map(map(spec.get("podTemplate")).get("spec"));
    List<String> paths = new ArrayList<>();
    for (Object container : (List<?>) pod.get("containers")) {
      for (Object mount : (List<?>) map(container).get("volumeMounts")) {
        paths.add(map(mount).get("mountPath").toString());
      }
    }
    return paths;
  }

  private static Configuration arguments(Map<String, Object> job) {
    return JobArguments.parse(
        ((List<?>) job.get("args")).stream().map(Object::toString).toArray(String[]::new));
  }

  private static Configuration configuration(Map<String, Object> spec) {
    Configuration configuration = new Configuration();
    map(spec.get("flinkConfiguration"))
        .forEach((key, value) -> configuration.setString(key, value.toString()));
    return configuration;
  }

  private static List<Map<String, Object>> load(String file) {
    return yaml(KUBERNETES.resolve(file));
  }

  private static List<Map<String, Object>> yaml(Path file) {
    LoaderOptions strict = new LoaderOptions();
    strict.setAllowDuplicateKeys(false);
    List<Map<String, Object>> documents = new ArrayList<>();
    try {
      for (Object document :
          new Yaml(new SafeConstructor(strict)).loadAll(Files.readString(file))) {
        documents.add(map(document));
      }
    } catch (IOException e) {
      throw new AssertionError("cannot read " + file, e);
    }
    return documents;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object node) {
    return (Map<String, Object>) node;
  }
}
