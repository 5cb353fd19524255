package io.millrace.jobs.cluster;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint;
import org.apache.flink.runtime.jobmanager.JobManagerProcessUtils;
import org.apache.flink.runtime.taskexecutor.TaskManagerRunner;
import org.apache.flink.runtime.util.config.memory.ProcessMemoryUtils;

/** Command lines of Flink's processes, with the memory arguments that Flink's scripts work out. */
final class FlinkProcesses {
  private FlinkProcesses() {}

  /** A JobManager that takes jobs. */
  static ClusterProcess jobManager(Path folder, Configuration flink) {
    var memory = JobManagerProcessUtils.processSpecFromConfig(flink);
    List<String> options = new ArrayList<>(words(flink.get(CoreOptions.FLINK_JVM_OPTIONS)));
    options.addAll(words(flink.get(CoreOptions.FLINK_JM_JVM_OPTIONS)));
    options.addAll(words(JobManagerProcessUtils.generateJvmParametersStr(memory, flink)));
    List<String> main = main(StandaloneSessionClusterEntrypoint.class, folder);
    main.addAll(List.of("--executionMode", "cluster"));
    main.addAll(words(JobManagerProcessUtils.generateDynamicConfigsStr(memory)));
    return new ClusterProcess("jobmanager", folder, options, main);
  }

  /**
   * @param index from 0
   */
  static ClusterProcess taskManager(Path folder, Configuration flink, int index) {
    var memory = TaskExecutorProcessUtils.processSpecFromConfig(flink);
    List<String> options = new ArrayList<>(words(flink.get(CoreOptions.FLINK_JVM_OPTIONS)));
    options.addAll(words(flink.get(CoreOptions.FLINK_TM_JVM_OPTIONS)));
    options.addAll(words(ProcessMemoryUtils.generateJvmParametersStr(memory)));
    List<String> main = main(TaskManagerRunner.class, folder);
    main.addAll(words(TaskExecutorProcessUtils.generateDynamicConfigsStr(memory)));
    return new ClusterProcess("taskmanager-" + index, folder, options, main);
  }

  private static List<String> main(Class<?> entryPoint, Path folder) {
    return new ArrayList<>(
        List.of(entryPoint.getName(), "--configDir", folder.resolve("conf").toString()));
  }

  private static List<String> words(String text) {
    return text.isBlank() ? List.of() : List.of(text.trim().split("\\s+"));
  }
}
