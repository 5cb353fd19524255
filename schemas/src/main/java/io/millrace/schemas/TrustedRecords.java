package io.millrace.schemas;

import java.util.List;
import org.apache.avro.Conversion;
import org.apache.avro.util.ClassSecurityValidator;

/**
 * Tells Avro that schemas may name this package's generated classes. Since 1.12.2 it refuses all
 * others, even in a generated builder's {@code build()}.
 *
 * <p>Avro offers no place for this but a process-wide setting. Registered as a {@link Conversion}
 * service, this class is loaded whenever a generated class makes its data model, and so nobody has
 * to call anything first. It adds our classes by name to whatever is trusted already, and converts
 * nothing.
 */
public final class TrustedRecords extends Conversion<Void> {
  /** Names and no classes: initialising those from here could deadlock. A test compares them. */
  static final List<String> NAMES =
      List.of(
          "Anomaly",
          "AnomalySeverity",
          "AnomalyState",
          "Attempt",
          "CacheControl",
          "CacheOutcome",
          "Choice",
          "CostEvent",
          "CostKind",
          "Message",
          "Prompt",
          "RequestStatus",
          "Response",
          "ResponseFinishReason",
          "SourcePosition",
          "TokenEvent",
          "TokenLogprob",
          "TopLogprob",
          "Usage");

  static {
    trust(TrustedRecords.class.getPackageName(), NAMES);
  }

  /** Adds generated classes of a package to those that schemas may name, for this process. */
  public static synchronized void trust(String packageName, List<String> classNames) {
    ClassSecurityValidator.Builder trusted = ClassSecurityValidator.builder();
    classNames.forEach(name -> trusted.add(packageName + "." + name));
    ClassSecurityValidator.setGlobal(
        ClassSecurityValidator.composite(ClassSecurityValidator.getGlobal(), trusted.build()));
  }

  /** Loads this class, where services are not found: Avro may live in another class loader. */
  static void register() {}

  @Override
  public Class<Void> getConvertedType() {
    return Void.class;
  }

  @Override
  public String getLogicalTypeName() {
    return "millrace-trusted-records";
  }
}
