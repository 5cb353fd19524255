package io.millrace.jobs.anomaly;

import io.millrace.jobs.metrics.AnomalyRecorder;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.AnomalyState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * All watches of one tenant and model, with their alerts. As bytes: a version, then name, length
 * and state of each watch, so that watches come and go between versions of the program.
 */
final class KeyWatch {
  private static final int VERSION = 1;
  private static final int BYTES_USUAL = 4096;

  private final String tenant;
  private final String model;
  private final Map<String, Watch> watches = new LinkedHashMap<>();
  private final Map<String, Alert> alerts = new LinkedHashMap<>();

  /** Of the last window. */
  private final Map<String, Judgement> judgements = new HashMap<>();

  private int emptyWindows;

  KeyWatch(String tenant, String model, List<Watch> watches) {
    this.tenant = tenant;
    this.model = model;
    for (Watch watch : watches) {
      this.watches.put(watch.name(), watch);
      this.alerts.put(watch.name(), new Alert());
    }
  }

  /** Windows without a row, up to the last. */
  int emptyWindows() {
    return emptyWindows;
  }

  /** Judges the next window. */
  void judge(WindowTotals window, long windowMs, Consumer<Anomaly> out) {
    emptyWindows = window.requests == 0 && window.usd() == 0 ? emptyWindows + 1 : 0;
    for (Watch watch : watches.values()) {
      Alert alert = alerts.get(watch.name());
      Judgement judgement = watch.judge(window, alert.open());
      judgements.put(watch.name(), judgement);
      AnomalyState change = alert.step(judgement, window.startMs);
      if (change != null) {
        out.accept(anomaly(watch, alert, judgement, change, window.startMs, windowMs));
      }
      if (change == AnomalyState.resolved) {
        if (alert.worn()) {
          watch.accept();
        }
        alert.close();
      }
    }
  }

  /** Tells what the window that was judged last showed, and what is open after it. */
  void tell(AnomalyRecorder metrics) {
    for (Watch watch : watches.values()) {
      Alert alert = alerts.get(watch.name());
      metrics.window(
          tenant,
          model,
          watch.name(),
          watch.signal(),
          judgements.get(watch.name()).score(),
          alert.open() ? alert.severity() : null);
    }
  }

  private Anomaly anomaly(
      Watch watch,
      Alert alert,
      Judgement judgement,
      AnomalyState state,
      long windowStartMs,
      long windowMs) {
    return Anomaly.newBuilder()
        .setId(id(watch.name(), alert.firstMs()))
        .setDetector(watch.name())
        .setSignal(watch.signal())
        .setSeverity(alert.severity())
        .setState(state)
        .setTenant(tenant)
        .setModel(model)
        .setWindowStart(Instant.ofEpochMilli(windowStartMs))
        .setWindowEnd(Instant.ofEpochMilli(windowStartMs + windowMs))
        .setFirstSeen(Instant.ofEpochMilli(alert.firstMs()))
        .setValue(judgement.value())
        .setExpected(Double.isNaN(judgement.expected()) ? null : judgement.expected())
        .setScore(judgement.score())
        .setMessage(
            String.format(
                Locale.ROOT,
                "%s: %s of %s on %s is %.4g, expected is %.4g",
                watch.name(),
                watch.signal(),
                tenant,
                model,
                judgement.value(),
                judgement.expected()))
        .build();
  }

  /** The same whenever the same windows are judged. */
  private String id(String detector, long firstMs) {
    String text = detector + "\n" + tenant.length() + "\n" + tenant + "\n" + model + "\n" + firstMs;
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java platform has SHA-256", e);
    }
  }

  byte[] toBytes() {
    try {
      DataOutputSerializer out = new DataOutputSerializer(BYTES_USUAL);
      DataOutputSerializer part = new DataOutputSerializer(BYTES_USUAL);
      out.writeByte(VERSION);
      out.writeInt(emptyWindows);
      out.writeByte(watches.size());
      for (Watch watch : watches.values()) {
        part.clear();
        alerts.get(watch.name()).write(part);
        watch.write(part);
        out.writeUTF(watch.name());
        out.writeInt(part.length());
        out.write(part.getSharedBuffer(), 0, part.length());
      }
      return out.getCopyOfBuffer();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Takes what {@link #toBytes} gave.
   *
   * @throws IllegalStateException if a later version of the program wrote it
   */
  void restore(byte[] bytes) {
    try {
      DataInputDeserializer in = new DataInputDeserializer(bytes);
      int version = in.readUnsignedByte();
      if (version != VERSION) {
        throw new IllegalStateException("state of anomalies has version " + version);
      }
      emptyWindows = in.readInt();
      int count = in.readUnsignedByte();
      for (int i = 0; i < count; i++) {
        String name = in.readUTF();
        byte[] part = new byte[in.readInt()];
        in.readFully(part);
        if (watches.containsKey(name)) {
          DataInputDeserializer state = new DataInputDeserializer(part);
          alerts.get(name).read(state);
          watches.get(name).read(state);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
