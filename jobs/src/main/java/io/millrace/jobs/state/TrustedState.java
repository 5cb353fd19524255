package io.millrace.jobs.state;

import io.millrace.schemas.TrustedRecords;
import java.util.List;
import org.apache.avro.Conversion;

/** Tells Avro that schemas may name this package's classes, as {@link TrustedRecords} does. */
public final class TrustedState extends Conversion<Void> {
  static {
    TrustedRecords.trust(
        TrustedState.class.getPackageName(),
        List.of(
            "AdmittedPrompt",
            "Alternative",
            "CachedAnswer",
            "CachedChoice",
            "CountedTokens",
            "DeviceTime",
            "GeneratedToken",
            "Progress",
            "RemoteCalls",
            "Reservation",
            "Sampling",
            "SpentInPeriod",
            "TenantAccount"));
  }

  @Override
  public Class<Void> getConvertedType() {
    return Void.class;
  }

  @Override
  public String getLogicalTypeName() {
    return "millrace-trusted-state";
  }
}
