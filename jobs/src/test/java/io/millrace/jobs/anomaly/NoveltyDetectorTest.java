package io.millrace.jobs.anomaly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NoveltyDetectorTest {
  private final Random random = new Random(7);
  private final NoveltyDetector detector = new NoveltyDetector();

  @Test
  void aSpikeScoresOnceAndGreaterOnesAgain() {
    noise(1000).forEach(detector::score);

    assertThat(detector.score(20)).isGreaterThan(NoveltyDetector.THRESHOLD);
    assertThat(detector.score(20)).isZero();
    assertThat(detector.score(200)).isGreaterThan(0.9);
  }

  @Test
  void aLevelThatStaysIsNewsOnce() {
    noise(1000).forEach(detector::score);

    double[] scores = noise(2000).map(value -> value + 20).map(detector::score).toArray();

    assertThat(scores[0]).isGreaterThan(NoveltyDetector.THRESHOLD);
    assertThat(IntStream.range(200, 2000).filter(i -> scores[i] > NoveltyDetector.THRESHOLD))
        .isEmpty();
  }

  @Test
  void aSeasonThatReturnsIsNoNews() {
    double[] scores = days(12).map(detector::score).toArray();

    assertThat(IntStream.range(2 * 288, 12 * 288).filter(i -> scores[i] > 0.5)).isEmpty();
    assertThat(detector.score(50)).isGreaterThan(0.5);
  }

  @Test
  void aSilenceWithinTheRangeIsNoticed() {
    noise(1000).forEach(detector::score);

    assertThat(DoubleStream.generate(() -> -2.5).limit(24).map(detector::score).max().orElse(0))
        .isGreaterThan(NoveltyDetector.THRESHOLD);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-6, 1, 1e9})
  void unitsDoNotMatter(double unit) {
    double[] series = days(4).toArray();
    NoveltyDetector other = new NoveltyDetector();

    for (double value : series) {
      assertThat(other.score(value * unit)).isBetween(0.0, 1.0);
    }
    assertThat(other.score(100 * unit)).isGreaterThan(0.5);
  }

  @Test
  void goesOnFromItsBytesAndStaysSmall() throws IOException {
    days(20).map(day -> day * (1 + random.nextInt(3))).forEach(detector::score);
    byte[] bytes = bytes(detector);
    assertThat(bytes).hasSizeLessThan(700);

    NoveltyDetector restored = new NoveltyDetector();
    restored.read(new DataInputStream(new ByteArrayInputStream(bytes)));
    for (double value : noise(1000).map(v -> 3 * v).toArray()) {
      assertThat(restored.score(value)).isEqualTo(detector.score(value));
    }
    assertThat(bytes(restored)).isEqualTo(bytes(detector));
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
  void refusesWhatIsNoNumber(double value) {
    assertThatThrownBy(() -> detector.score(value)).hasMessageContaining("finite");
  }

  private DoubleStream noise(int values) {
    return random.doubles(values).map(v -> 6 * v - 3);
  }

  /** A day has 288 values, and an afternoon. */
  private DoubleStream days(int days) {
    return IntStream.range(0, days * 288)
        .mapToDouble(i -> 10 * Math.sin(2 * Math.PI * i / 288) + random.nextDouble());
  }

  private static byte[] bytes(Detector detector) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    detector.write(new DataOutputStream(bytes));
    return bytes.toByteArray();
  }
}
