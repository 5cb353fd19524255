package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.kafka.Topics;
import io.millrace.jobs.ledger.LedgerOptions;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.ExternalResourceOptions;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.metrics.reporter.MetricReporterFactory;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.jobmanager.JobManagerProcessUtils;
import org.apache.flink.util.PortRange;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * Holds flink-conf/ and docker/ to what can be known without a container engine: that Flink
 * understands the configuration, and that names, versions, ports and paths agree between files.
 */
class DeploymentFilesTest {

  private static final Path HOME = Path.of(System.getProperty("millrace.home"));
  private static final Path FLINK_CONF = HOME.resolve("flink-conf");
  private static final Path DOCKER = HOME.resolve("docker");
  private static final String REPORTER = "metrics.reporter.prom.";
  private static final String LLM_REPORTER = "metrics.reporter.llm.";

  private final Configuration flink = GlobalConfiguration.loadConfiguration(FLINK_CONF.toString());

  @Test
  void everyKeyIsAnOptionOfFlinkAndEveryValueHasItsType() throws Exception {
    assertThat(flink.keySet()).hasSizeGreaterThan(30);
    FlinkOptions.require(flink, Set.of());
  }

  @Test
  void misspeltKeysAndWrongValuesAreFound() throws Exception {
    Map<String, ConfigOption<?>> options = FlinkOptions.all();
    assertThat(options)
        .hasSizeGreaterThan(300)
        .doesNotContainKey("execution.checkpointing.intervall");
    Configuration wrong = new Configuration();
    wrong.setString("execution.checkpointing.interval", "often");
    assertThatThrownBy(() -> FlinkOptions.require(wrong, Set.of()))
        .hasMessageContaining("execution.checkpointing.interval");
    Configuration misspelt = new Configuration();
    misspelt.setString("external-resource.gpu.amountt", "1");
    assertThatThrownBy(() -> FlinkOptions.require(misspelt, Set.of()))
        .hasMessageContaining("external-resource.gpu.amountt");
  }

  @Test
  void whatIsAppendedOrUncommentedFits(@TempDir Path directory) throws Exception {
    String config = read(FLINK_CONF.resolve("config.yaml"));
    String gpu = read(FLINK_CONF.resolve("gpu.yaml"));
    Files.writeString(directory.resolve("config.yaml"), config + gpu);
    Configuration withGpu = GlobalConfiguration.loadConfiguration(directory.toString());
    assertThat(withGpu.keySet()).hasSize(flink.keySet().size() + 4).containsAll(flink.keySet());
    FlinkOptions.require(withGpu, Set.of());
    assertThat(withGpu.get(ExternalResourceOptions.EXTERNAL_RESOURCE_LIST)).containsExactly("gpu");
    assertThat(read(DOCKER.resolve("entrypoint.sh")))
        .contains("cat /etc/millrace/flink-conf/gpu.yaml >>\"$FLINK_HOME/conf/config.yaml\"");
    assertThat(environment("taskmanager-gpu")).containsEntry("MILLRACE_GPU", "1");
    assertThat(environment("taskmanager")).doesNotContainKey("MILLRACE_GPU");

    Configuration available = new Configuration();
    Matcher commented =
        Pattern.compile("(?m)^# (high-availability\\.\\S+): (\\S+)$").matcher(config);
    while (commented.find()) {
      available.setString(commented.group(1), commented.group(2));
    }
    FlinkOptions.require(available, Set.of());
    assertThat(available.keySet()).hasSize(4);
  }

  @Test
  void memoryAddsUp() {
    var taskManager = TaskExecutorProcessUtils.processSpecFromConfig(flink);
    assertThat(taskManager.getTaskHeapSize().getMebiBytes()).isGreaterThan(512);
    assertThat(taskManager.getManagedMemorySize().getMebiBytes() / slots()).isGreaterThan(64);
    var jobManager = JobManagerProcessUtils.processSpecFromConfig(flink);
    assertThat(jobManager.getJvmHeapMemorySize().getMebiBytes()).isGreaterThan(256);
  }

  @Test
  void metricsReportersExist() throws Exception {
    for (var reporter : Map.of(REPORTER, 9249, LLM_REPORTER, 9260).entrySet()) {
      Class<?> factory = Class.forName(flink.getString(reporter.getKey() + "factory.class", null));
      assertThat(MetricReporterFactory.class).isAssignableFrom(factory);
      assertThat(
              new PortRange(flink.getString(reporter.getKey() + "port", null)).getPortsIterator())
          .toIterable()
          .contains(reporter.getValue());
    }
    assertThat(flink.getString(LLM_REPORTER + "bind-address", null)).isEqualTo("127.0.0.1");
  }

  @Test
  void javaAcceptsTheOptions() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flink.get(CoreOptions.FLINK_JVM_OPTIONS).trim().split("\\s+")));
    command.add("-version");
    assertThat(command).contains("--add-modules=jdk.incubator.vector").hasSizeGreaterThan(10);
    assertThat(run(command)).contains("version").doesNotContain("Unknown module", "not exported");
  }

  @Test
  void listensOnLoopbackUnlessTold() {
    assertThat(flink.get(RestOptions.BIND_ADDRESS)).isEqualTo("localhost");
    assertThat(flink.get(JobManagerOptions.BIND_HOST)).isEqualTo("localhost");
    assertThat(flink.get(TaskManagerOptions.BIND_HOST)).isEqualTo("localhost");
    List<String> published = new ArrayList<>();
    for (Map<String, Object> service : services().values()) {
      published.addAll(strings(service.get("ports")));
    }
    assertThat(published).hasSizeGreaterThan(3).allMatch(port -> port.startsWith("127.0.0.1:"));
  }

  @Test
  void containersOverrideOptionsOfFlinkOnly() throws Exception {
    Configuration overrides = new Configuration();
    environment("jobmanager")
        .get("FLINK_PROPERTIES")
        .lines()
        .map(line -> line.split(":", 2))
        .forEach(pair -> overrides.setString(pair[0].trim(), pair[1].trim()));
    FlinkOptions.require(overrides, Set.of());
    assertThat(overrides.get(RestOptions.ADDRESS)).isEqualTo("jobmanager");
    assertThat(services()).containsKey(environment("jobmanager").get("JOB_MANAGER_RPC_ADDRESS"));

    assertThat(overrides.get(HighAvailabilityOptions.HA_MODE)).isEqualTo("zookeeper");
    assertThat(healthcheck("zookeeper"))
        .contains(
            "/localhost/"
                + overrides.get(HighAvailabilityOptions.HA_ZOOKEEPER_QUORUM).split(":")[1]);
    assertThat(read(DOCKER.resolve("Dockerfile")))
        .contains(
            " "
                + overrides.get(HighAvailabilityOptions.HA_STORAGE_PATH).replace("file://", "")
                + " ");

    String metrics = overrides.getString(REPORTER + "port", null);
    String llm = overrides.getString(LLM_REPORTER + "port", null);
    int rest = flink.get(RestOptions.PORT);
    assertThat(strings(services().get("jobmanager").get("ports")))
        .containsExactly("127.0.0.1:" + rest + ":" + rest, "127.0.0.1:9249:" + metrics);
    assertThat(strings(services().get("taskmanager").get("ports")))
        .containsExactly("127.0.0.1:9250:" + metrics, "127.0.0.1:9260:" + llm);
    assertThat(strings(services().get("taskmanager-gpu").get("ports")))
        .containsExactly("127.0.0.1:9251:" + metrics, "127.0.0.1:9261:" + llm);
    assertThat(healthcheck("jobmanager")).contains("/jobmanager/" + rest);
    assertThat(healthcheck("taskmanager")).contains("/localhost/" + metrics);
  }

  @Test
  void imagesHaveTheVersionsOfTheBuild() {
    String pom = read(HOME.resolve("pom.xml"));
    assertThat(services().get("broker").get("image"))
        .isEqualTo("apache/kafka:" + property(pom, "kafka.version"))
        .isEqualTo(services().get("topics").get("image"));
    assertThat(read(DOCKER.resolve("Dockerfile")))
        .contains("ARG FLINK_IMAGE=flink:" + property(pom, "flink.version") + "-scala_2.12-java17")
        .doesNotContain("latest");
    assertThat(services().values())
        .allSatisfy(
            s -> assertThat(s.get("image").toString()).matches("[a-z/]+:v?\\d+\\.[\\w.-]*"));
  }

  @Test
  void everyServiceIsRestartedAndWatched() {
    Set<String> once = Set.of("topics", "inference", "anomaly", "ledger");
    assertThat(services()).hasSizeGreaterThan(8);
    services()
        .forEach(
            (name, service) -> {
              assertThat(service.get("restart").toString())
                  .as(name)
                  .matches(once.contains(name) ? "no|on-failure:5" : "unless-stopped");
              assertThat(service.containsKey("healthcheck"))
                  .as(name)
                  .isNotEqualTo(once.contains(name));
              Object needs = service.get("depends_on");
              if (needs != null) {
                assertThat(services())
                    .containsKeys(((Map<?, ?>) needs).keySet().toArray(String[]::new));
              }
            });
  }

  @Test
  void jarsAreThoseThatMavenBuilds() {
    String pom = read(HOME.resolve("jobs/pom.xml"));
    String dockerfile = read(DOCKER.resolve("Dockerfile"));
    assertThat(dockerfile).contains("COPY jobs/target/lib/ ", " jobs/target/millrace-jobs-*.jar ");
    assertThat(dockerfile).contains(" jobs/target/plugins/ /opt/flink/plugins/");
    assertThat(pom).contains("directory}/plugins/millrace-metrics<");
    assertThat(pom).contains("<artifactId>millrace-jobs</artifactId>", "directory}/lib<");
    // What the image takes out of lib/ must not be what the engine or the jobs bring.
    Matcher removed =
        Pattern.compile("(?m)^ *(?:&& rm -f )?((?:[\\w.-]+-\\*[ \\\\]*)+)$").matcher(dockerfile);
    List<String> globs = new ArrayList<>();
    while (removed.find()) {
      globs.addAll(List.of(removed.group(1).replace("\\", "").trim().split("\\s+")));
    }
    assertThat(globs).hasSizeGreaterThan(5).noneMatch(glob -> glob.startsWith("millrace"));
    List<String> jars =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(path -> Path.of(path).getFileName().toString())
            .toList();
    for (String glob : globs) {
      assertThat(jars).as("a jar for " + glob).anyMatch(j -> j.startsWith(glob.replace("*", "")));
    }
  }

  /** Libraries whose native part a process can load once, and what they need of the machine. */
  @Test
  void nativeLibrariesOfGpusAreThereAndLoadedOnce() throws Exception {
    Map<String, String> jars = Map.of("jcuda.", "jcuda-", "com.sun.jna.", "jna-");
    List<String> parentFirst =
        List.of(flink.getString("classloader.parent-first-patterns.additional", "").split(";"));
    String dockerfile = read(DOCKER.resolve("Dockerfile"));
    assertThat(parentFirst).contains("io.millrace.engine.").containsAll(jars.keySet());
    for (String jar : jars.values()) {
      assertThat(System.getProperty("java.class.path")).contains("/" + jar);
      assertThat(dockerfile).doesNotContain(" " + jar); // it would be left out of the image
    }
    assertThat(System.getProperty("java.class.path")).contains("/jcuda-natives-");
    assertThat(ClassLoader.getSystemResource("com/sun/jna/linux-x86-64/libjnidispatch.so"))
        .isNotNull();
    // libcuda.so.1, and nvidia-smi with libnvidia-ml.so.1: which the driver brings, not the image.
    assertThat(dockerfile).contains("ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility");
  }

  @Test
  void brokerIsReachableWhereItsClientsLook() {
    Map<String, String> broker = environment("broker");
    String clients =
        strings(services().get("inference").get("command")).stream()
            .filter(argument -> argument.contains(MillraceOptions.KAFKA_BOOTSTRAP.key()))
            .map(argument -> argument.substring(argument.indexOf('=') + 1))
            .findFirst()
            .orElseThrow();
    assertThat(broker.get("KAFKA_ADVERTISED_LISTENERS"))
        .contains("PLAINTEXT://" + clients)
        .contains("HOST://localhost:9092");
    assertThat(strings(services().get("broker").get("ports")))
        .containsExactly("127.0.0.1:9092:9092");
    assertThat(healthcheck("broker")).contains(clients);
    assertThat(Uuid.fromString(broker.get("CLUSTER_ID"))).isNotNull();
    assertThat(Long.parseLong(broker.get("KAFKA_TRANSACTION_MAX_TIMEOUT_MS")))
        .isGreaterThanOrEqualTo(MillraceOptions.TRANSACTION_TIMEOUT.defaultValue().toMillis());
    assertThat(strings(services().get("broker").get("volumes")))
        .containsExactly("kafka:" + broker.get("KAFKA_LOG_DIRS"));
  }

  @Test
  void everyTopicIsCreatedAndTakesTheLargestRecord() {
    String script = strings(services().get("topics").get("command")).get(0);
    Map<String, Long> bytesMaxByTopic = new HashMap<>();
    Matcher create = Pattern.compile("create (\\S+) (\\d+)").matcher(script);
    while (create.find()) {
      bytesMaxByTopic.put(create.group(1), Long.parseLong(create.group(2)));
    }
    Topics topics = new Topics(MillraceOptions.TOPIC_PREFIX.defaultValue());
    assertThat(bytesMaxByTopic)
        .containsKeys(topics.all().toArray(String[]::new))
        .containsKeys("millrace.anomalies", "millrace.attempts")
        .hasSize(7);
    assertThat(bytesMaxByTopic.remove(topics.prompts()))
        .isGreaterThan(MillraceOptions.PROMPT_SIZE_MAX.defaultValue().getBytes());
    assertThat(bytesMaxByTopic.values())
        .allMatch(max -> max > MillraceOptions.OUTPUT_SIZE_MAX.defaultValue().getBytes());
  }

  @Test
  void jobTakesItsArguments() throws Exception {
    List<String> command = strings(services().get("inference").get("command"));
    assertThat(Class.forName(command.get(2)).getMethod("main", String[].class)).isNotNull();
    Configuration options =
        JobArguments.parse(command.subList(3, command.size()).toArray(String[]::new));
    MillraceOptions.validate(options);
    assertThat(options.get(new ModelOptions("default").path)).startsWith("/models/");
    assertThat(strings(services().get("taskmanager").get("volumes")))
        .anyMatch(volume -> volume.endsWith(":/models:ro"));
    assertThat(read(HOME.resolve("jobs/src/main/java/io/millrace/jobs/InferenceJob.java")))
        .contains("env.execute(\"" + command.get(1) + "\")"); // by which submit.sh finds it
  }

  @Test
  void ledgerJobTakesItsArgumentsAndWritesToTheSharedVolume() throws Exception {
    List<String> command = strings(services().get("ledger").get("command"));
    assertThat(Class.forName(command.get(2)).getMethod("main", String[].class)).isNotNull();
    Configuration options =
        JobArguments.parse(command.subList(3, command.size()).toArray(String[]::new));
    MillraceOptions.validate(options);
    String bootstrap = options.get(MillraceOptions.KAFKA_BOOTSTRAP);
    assertThat(strings(services().get("inference").get("command")))
        .anyMatch(a -> a.endsWith(bootstrap));
    assertThat(strings(services().get("taskmanager").get("volumes")))
        .anyMatch(v -> options.get(LedgerOptions.DIRECTORY).startsWith(v.split(":", 3)[1] + "/"));
    assertThat(read(HOME.resolve("jobs/src/main/java/io/millrace/jobs/LedgerJob.java")))
        .contains("env.execute(\"" + command.get(1) + "\")"); // by which submit.sh finds it
  }

  @Test
  void anomalyJobTakesItsArgumentsAndFindsASlot() throws Exception {
    List<String> command = strings(services().get("anomaly").get("command"));
    assertThat(Class.forName(command.get(2)).getMethod("main", String[].class)).isNotNull();
    MillraceOptions.validate(
        JobArguments.parse(command.subList(3, command.size()).toArray(String[]::new)));
    assertThat(strings(services().get("inference").get("command")))
        .containsAll(command.subList(3, command.size()));
    assertThat(read(HOME.resolve("jobs/src/main/java/io/millrace/jobs/AnomalyJob.java")))
        .contains("env.execute(\"" + command.get(1) + "\")"); // by which submit.sh finds it
    // Two of the inference job (engine, and all else), and one of each of the others.
    assertThat(slots()).isGreaterThanOrEqualTo(4);
  }

  @Test
  void pathsAgree() {
    String dockerfile = read(DOCKER.resolve("Dockerfile"));
    String submit = read(DOCKER.resolve("submit.sh"));
    List<String> volumes = strings(services().get("taskmanager").get("volumes"));
    assertThat(volumes).isEqualTo(strings(services().get("jobmanager").get("volumes")));
    for (var option :
        List.of(
            CheckpointingOptions.CHECKPOINTS_DIRECTORY, CheckpointingOptions.SAVEPOINT_DIRECTORY)) {
      String path = flink.get(option).replaceFirst("^file://", "");
      assertThat(dockerfile).contains(" " + path + " ");
      assertThat(submit).contains("=" + path + "/$name");
      assertThat(volumes).anyMatch(v -> path.startsWith(v.split(":", 3)[1] + "/"));
    }
    assertThat(volumes).contains("../flink-conf:/etc/millrace/flink-conf:ro");
    assertThat(read(DOCKER.resolve("entrypoint.sh"))).contains("cp /etc/millrace/flink-conf/* ");
    assertThat(FLINK_CONF).isDirectoryContaining(p -> p.endsWith("config.yaml"));

    String jar = "/opt/flink/usrlib/millrace-jobs.jar";
    assertThat(dockerfile).contains(jar);
    assertThat(submit).contains(jar);
    assertThat(strings(services().get("inference").get("command")).get(0))
        .isEqualTo("/opt/millrace/submit.sh");
    assertThat(dockerfile).contains("docker/entrypoint.sh docker/submit.sh /opt/millrace/");
  }

  @Test
  void buildContextHoldsWhatIsCopied() {
    List<String> kept =
        read(DOCKER.resolve("Dockerfile.dockerignore"))
            .lines()
            .filter(line -> line.startsWith("!"))
            .map(line -> line.substring(1))
            .toList();
    List<String> copied = new ArrayList<>();
    for (String line : read(DOCKER.resolve("Dockerfile")).lines().toList()) {
      if (line.startsWith("COPY") && !line.contains("--from")) {
        String[] words = line.replaceAll(" --\\S+", "").split(" ");
        copied.addAll(List.of(words).subList(1, words.length - 1));
      }
    }
    assertThat(copied).map(path -> path.replaceFirst("/$", "")).hasSameElementsAs(kept);
  }

  @Test
  void scriptsParse() throws Exception {
    for (String script : List.of("entrypoint.sh", "submit.sh")) {
      Path file = DOCKER.resolve(script);
      assertThat(file).isExecutable();
      assertThat(run(List.of("sh", "-n", file.toString()))).isEmpty();
    }
  }

  private long slots() {
    return flink.get(TaskManagerOptions.NUM_TASK_SLOTS);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Map<String, Object>> services() {
    Yaml yaml = new Yaml(new SafeConstructor(new LoaderOptions()));
    Map<String, Object> compose = yaml.load(read(DOCKER.resolve("compose.yaml")));
    return (Map<String, Map<String, Object>>) compose.get("services");
  }

  @SuppressWarnings("unchecked")
  private static Map<String, String> environment(String service) {
    return (Map<String, String>) services().get(service).get("environment");
  }

  private static String healthcheck(String service) {
    return ((Map<?, ?>) services().get(service).get("healthcheck")).get("test").toString();
  }

  private static List<String> strings(Object list) {
    return list == null ? List.of() : ((List<?>) list).stream().map(Object::toString).toList();
  }

  private static String property(String pom, String name) {
    Matcher matcher = Pattern.compile("<" + name + ">([^<]+)</").matcher(pom);
    assertThat(matcher.find()).as(name).isTrue();
    return matcher.group(1);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError("cannot read " + file, e);
    }
  }

  private static String run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    byte[] output = process.getInputStream().readAllBytes();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(new String(output, StandardCharsets.UTF_8)).isZero();
    return new String(output, StandardCharsets.UTF_8);
  }
}
