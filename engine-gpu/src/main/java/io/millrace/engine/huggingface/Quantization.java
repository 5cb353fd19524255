package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgufFormatException;
import java.util.Optional;

/**
 * What {@code quantization_config} says.
 *
 * @param gptq how GPTQ's matrices are packed; empty if there are none
 * @param ternaryScaleInverted whether a packed BitNet matrix's results are divided by its scale
 */
record Quantization(Optional<GptqConfig> gptq, boolean ternaryScaleInverted) {

  /**
   * @throws GgufFormatException if the method, or the way it is used, is not supported
   */
  static Quantization of(Family family, JsonFields config) throws GgufFormatException {
    Optional<JsonFields> quantization = config.object("quantization_config");
    if (quantization.isEmpty()) {
      return new Quantization(Optional.empty(), false);
    }
    JsonFields fields = quantization.get();
    String method = fields.string("quant_method").orElse("");
    boolean supported =
        method.equals("gptq") ? !family.ternary() : method.equals("bitnet") && family.ternary();
    config.require(
        supported,
        "quantization "
            + GgufFormatException.quote(method)
            + " is not supported here; known are gptq of 4 bits, and bitnet in BitNet models");
    if (method.equals("gptq")) {
      return new Quantization(Optional.of(GptqConfig.of(fields)), false);
    }
    // The class that keeps packed weights divides; the one that unpacks them multiplies.
    String linear = fields.string("linear_class").orElse("bitlinear");
    return new Quantization(Optional.empty(), linear.equals("bitlinear"));
  }
}
