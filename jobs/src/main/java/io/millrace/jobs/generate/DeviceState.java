package io.millrace.jobs.generate;

import io.millrace.jobs.state.DeviceTime;
import java.util.List;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;

/**
 * Operator state of the generate vertex: how far each task has accounted for its device's time.
 * When there are more or fewer tasks after a restore, each entry still goes to one of them.
 */
final class DeviceState {
  private final ListState<DeviceTime> times;
  private final String jobId;

  DeviceState(OperatorStateStore store, JobID jobId) throws Exception {
    times =
        store.getListState(
            new ListStateDescriptor<>("device", new AvroTypeInfo<>(DeviceTime.class)));
    this.jobId = jobId.toHexString();
  }

  /** Has the clock take over what earlier tasks left. */
  void restore(DeviceClock clock) throws Exception {
    clock.restore(times.get(), jobId);
  }

  /** Has the state hold where the clock is. */
  void record(DeviceClock clock) throws Exception {
    times.update(List.of(clock.left(jobId)));
  }
}
