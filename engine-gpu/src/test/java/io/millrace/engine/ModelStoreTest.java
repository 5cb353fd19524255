package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.backend.BackendKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelStoreTest {
  private static final Path DRAFT =
      Path.of(
          System.getProperty("millrace.home"), "engine-gpu", "models", "tickets-draft-q8_0.gguf");

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void copy() throws IOException {
    file = Files.copy(DRAFT, directory.resolve("model.gguf"));
  }

  @AfterEach
  void stop() {
    timer.shutdownNow();
  }

  @Test
  void loadsAModelOnceForAllItsUsers() throws IOException {
    ModelStore store = new ModelStore(Duration.ofHours(1), timer);
    try (ModelStore.Lease first = store.acquire(file, BackendKind.SCALAR);
        ModelStore.Lease second = store.acquire(file, BackendKind.SCALAR)) {
      assertThat(second.model()).isSameAs(first.model());
    }
  }

  @Test
  void keepsAModelForAWhileAfterItsLastUser() throws IOException {
    ModelStore store = new ModelStore(Duration.ofHours(1), timer);
    LoadedModel model;
    try (ModelStore.Lease lease = store.acquire(file, BackendKind.SCALAR)) {
      model = lease.model();
    }
    try (ModelStore.Lease again = store.acquire(file, BackendKind.SCALAR)) {
      assertThat(again.model()).isSameAs(model);
    }
  }

  @Test
  void forgetsAModelThatNobodyUsesAnyMore() throws Exception {
    ModelStore store = new ModelStore(Duration.ZERO, timer);
    LoadedModel model;
    try (ModelStore.Lease lease = store.acquire(file, BackendKind.SCALAR)) {
      model = lease.model();
    }
    CountDownLatch evicted = new CountDownLatch(1);
    timer.execute(evicted::countDown);
    assertThat(evicted.await(60, TimeUnit.SECONDS)).isTrue();
    try (ModelStore.Lease again = store.acquire(file, BackendKind.SCALAR)) {
      assertThat(again.model()).isNotSameAs(model);
    }
  }

  @Test
  void takesAChangedFileForAnotherModel() throws IOException {
    ModelStore store = new ModelStore(Duration.ofHours(1), timer);
    try (ModelStore.Lease first = store.acquire(file, BackendKind.SCALAR)) {
      Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(1)));
      try (ModelStore.Lease second = store.acquire(file, BackendKind.SCALAR)) {
        assertThat(second.model()).isNotSameAs(first.model());
      }
    }
  }

  @Test
  void saysWhatIsWrongWithAFile() throws IOException {
    ModelStore store = new ModelStore(Duration.ofHours(1), timer);
    Files.writeString(file, "not a model");
    assertThatThrownBy(() -> store.acquire(file, BackendKind.SCALAR))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("model.gguf");
  }
}
