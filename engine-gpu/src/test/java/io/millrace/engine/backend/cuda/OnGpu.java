package io.millrace.engine.backend.cuda;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Tests of a real GPU: tagged {@code gpu}, and skipped where there is no NVIDIA driver. One that is
 * there and does not work fails them, and nothing is skipped where {@code millrace.test.device}
 * says that there is one.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("gpu")
@ExtendWith(OnGpu.Condition.class)
public @interface OnGpu {

  /** Whether there is a driver that shows a device. */
  final class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      try (DeviceDriver driver = DeviceDriver.open(0)) {
        return ConditionEvaluationResult.enabled(driver.device().name());
      } catch (CudaException e) {
        boolean expected = Integer.getInteger("millrace.test.device") != null;
        return e.getMessage().startsWith("no ") && !expected
            ? ConditionEvaluationResult.disabled("skipped: " + e.getMessage())
            : ConditionEvaluationResult.enabled(e.getMessage());
      }
    }
  }
}
