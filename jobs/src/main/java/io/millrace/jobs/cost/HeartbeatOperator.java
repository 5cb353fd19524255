package io.millrace.jobs.cost;

import io.millrace.schemas.CostEvent;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Stands before the sink of costs: rows pass, and each watermark becomes a {@link Heartbeat} for
 * every partition. A watermark comes when all tasks that write rows have told that time, behind the
 * rows they wrote before, so a heartbeat never overtakes a row. Parallel ones share the partitions.
 */
public final class HeartbeatOperator extends AbstractStreamOperator<CostEvent>
    implements OneInputStreamOperator<CostEvent, CostEvent> {
  private static final long serialVersionUID = 1L;

  public static final String NAME = "heartbeats";

  /**
   * A partition beyond it gets none: readers pass over it once it is idle. How many there are is
   * only known where records are written; what is too many is dropped there.
   */
  static final int PARTITIONS_MAX = 256;

  @Override
  public void processElement(StreamRecord<CostEvent> row) {
    output.collect(row);
  }

  @Override
  public void processWatermark(Watermark mark) throws Exception {
    if (!mark.equals(Watermark.MAX_WATERMARK)) {
      int subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
      int subtasks = getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks();
      for (int partition = subtask; partition < PARTITIONS_MAX; partition += subtasks) {
        output.collect(new StreamRecord<>(Heartbeat.of(partition, mark.getTimestamp())));
      }
    }
    super.processWatermark(mark);
  }
}
