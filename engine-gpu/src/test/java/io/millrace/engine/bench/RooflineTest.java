package io.millrace.engine.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.millrace.engine.backend.KvType;
import io.millrace.engine.convert.ModelShape;
import io.millrace.engine.gguf.GgmlType;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RooflineTest {
  /** Small enough to count by hand: a layer has 4 matrices of 8 x 8 and 3 of 8 x 16. */
  private static final ModelShape SHAPE = new ModelShape(8, 2, 2, 2, 4, 16, 300, 64, false);

  private static final double LAYER = 4 * 64 + 3 * 128;
  private static final double OUTPUT = 8 * 300;

  @Test
  void aStepReadsWeightsOnceAndEverySequencesKeysAndValues() {
    StepCost step = StepCost.of(SHAPE, GgmlType.F16, KvType.F32, 3, 1, 9);
    double weights = 2 * (2 * LAYER + OUTPUT);
    double embeddings = 2 * 8 * 3;
    double keysAndValues = 2 * 2 * 2 * (4 * 4) * 3 * 10;
    assertThat(step.bytes()).isEqualTo(weights + embeddings + keysAndValues);
    double attention = 4 * 2 * 8 * 10 * 3;
    assertThat(step.operations()).isEqualTo(2 * 2 * LAYER * 3 + 2 * OUTPUT * 3 + attention);
  }

  @Test
  void aPromptsRowsSeeHalfOfItAndOneOfThemIsAskedForItsLogits() {
    StepCost step = StepCost.of(SHAPE, GgmlType.F16, KvType.F32, 1, 7, 0);
    double attention = 4 * 2 * 8 * (1 + 2 + 3 + 4 + 5 + 6 + 7);
    assertThat(step.operations()).isEqualTo(2 * 2 * LAYER * 7 + 2 * OUTPUT + attention);
  }

  @Test
  void typesCountWithTheirScales() {
    ModelShape wide = new ModelShape(64, 1, 2, 2, 32, 64, 300, 64, false);
    double f16 = StepCost.of(wide, GgmlType.F16, KvType.INT8, 1, 1, 0).bytes();
    double q4 = StepCost.of(wide, GgmlType.Q4_0, KvType.INT8, 1, 1, 0).bytes();
    double kv = 2 * 2 * (32 + 4);
    assertThat((q4 - kv) / (f16 - kv)).isCloseTo(4.5 / 16, within(1e-12));
  }

  @Test
  void theLimitIsMemoryOrArithmeticWhicheverTakesLonger() {
    Roofline roofline = new Roofline(1e12, Optional.of(new Roofline.Peak("", 100, 200)));
    assertThat(roofline.seconds(new StepCost(2e12, 1e14, false))).isEqualTo(2);
    assertThat(roofline.seconds(new StepCost(2e12, 4e14, false))).isEqualTo(4);
    assertThat(roofline.seconds(new StepCost(1e12, 4e14, true))).isEqualTo(2);
    Roofline unknown = Roofline.of("8 processors", 1e12);
    assertThat(unknown.seconds(new StepCost(2e12, 4e14, false))).isEqualTo(2);
  }

  @Test
  void devicesAreFoundByWhatTheDriverCallsThem() {
    assertThat(Roofline.of("NVIDIA H100 PCIe", 1).peak().orElseThrow().floats()).isEqualTo(756);
    assertThat(Roofline.of("NVIDIA H100 80GB HBM3", 1).peak().orElseThrow().floats())
        .isEqualTo(989);
    assertThat(Roofline.of("NVIDIA A100-SXM4-80GB", 1).peak().orElseThrow().floats())
        .isEqualTo(312);
  }

  /** 8B in float16 with a measured 4.3 TB/s, batch 1, 1024 tokens: 16 GB, so some 270 a second. */
  @Test
  void eightBillionParametersAreBoundByMemory() {
    BenchModel model = BenchModel.named("8b-f16");
    StepCost step = StepCost.of(model.shape(), model.type(), KvType.INT8, 1, 1, 1024);
    assertThat(step.bytes()).isBetween(15e9, 15.2e9); // embeddings: one row alone
    assertThat(1 / Roofline.of("NVIDIA H200", 4.3e12).seconds(step)).isBetween(270.0, 300.0);
    StepCost halves = StepCost.of(model.shape(), model.type(), KvType.F16, 1, 1, 1024);
    assertThat(halves.bytes() - step.bytes()) // 32 layers, 8 heads of 128: a byte more, no scales
        .isEqualTo(2.0 * 32 * 8 * (128 - 4) * 1025);
  }
}
