package io.millrace.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FaultScheduleTest {

  @Test
  void everyFaultComesOnceBeforeAnyComesAgain() {
    List<FaultSchedule.Planned> planned = take(7, 300);
    for (int i = 0; i < planned.size(); i += Fault.values().length) {
      assertThat(planned.subList(i, i + Fault.values().length))
          .extracting(FaultSchedule.Planned::fault)
          .containsExactlyInAnyOrder(Fault.values());
    }
    assertThat(planned).allMatch(p -> p.which() >= 0 && p.afterAnswers() <= 10);
    assertThat(planned).anyMatch(p -> p.afterAnswers() == 0).anyMatch(p -> p.afterAnswers() == 10);
  }

  @Test
  void theSeedAloneDecides() {
    assertThat(take(7, 30)).isEqualTo(take(7, 30)).isNotEqualTo(take(8, 30));
  }

  private static List<FaultSchedule.Planned> take(long seed, int count) {
    FaultSchedule schedule = new FaultSchedule(seed, 10);
    List<FaultSchedule.Planned> planned = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      planned.add(schedule.next());
    }
    return planned;
  }
}
