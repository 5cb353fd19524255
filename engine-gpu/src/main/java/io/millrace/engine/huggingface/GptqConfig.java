package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgufFormatException;

/**
 * How a GPTQ checkpoint is packed.
 *
 * @param groupSize inputs that share a scale; -1 for all
 * @param zeroOffset what is added to a stored zero point: 1 in the first format, 0 in v2
 */
record GptqConfig(int groupSize, int zeroOffset) {

  /**
   * @param quantization the configuration's {@code quantization_config}
   * @throws GgufFormatException if it is packed in a way that is not supported
   */
  static GptqConfig of(JsonFields quantization) throws GgufFormatException {
    int bits = quantization.requireInteger("bits", 1, 64);
    quantization.require(bits == 4, "GPTQ of " + bits + " bits is not supported; 4 bits are");
    String format = quantization.string("checkpoint_format").orElse("gptq");
    quantization.require(
        format.equals("gptq") || format.equals("gptq_v2"),
        "the GPTQ checkpoint_format "
            + GgufFormatException.quote(format)
            + " is not supported; known are gptq, gptq_v2");
    int groupSize = quantization.requireInteger("group_size", -1, 1 << 20);
    quantization.require(groupSize != 0, "group_size is 0");
    return new GptqConfig(groupSize, format.equals("gptq") ? 1 : 0);
  }
}
