package io.millrace.engine.huggingface;

import static io.millrace.engine.huggingface.ToyFolder.DIM;
import static io.millrace.engine.huggingface.ToyFolder.HEADS;
import static io.millrace.engine.huggingface.ToyFolder.HEAD_DIM;
import static io.millrace.engine.huggingface.ToyFolder.KV_HEADS;
import static io.millrace.engine.huggingface.ToyFolder.VOCAB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.engine.ModelFile;
import io.millrace.engine.ModelSources;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufMetadata;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import io.millrace.engine.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HuggingFaceFolderTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path temp;

  @Test
  void isReadAsIfItWereGguf() throws IOException {
    Path folder = ToyFolder.llama().write(temp.resolve("toy"));
    try (ModelSource source = ModelSources.open(folder)) {
      GgufMetadata metadata = source.metadata();
      assertThat(metadata.requireString("general.architecture")).isEqualTo("llama");
      assertThat(metadata.requireInt("llama.block_count", 1, 99)).isEqualTo(2);
      assertThat(metadata.requireInt("llama.embedding_length", 1, 99)).isEqualTo(DIM);
      assertThat(metadata.requireInt("llama.attention.head_count_kv", 1, 99)).isEqualTo(KV_HEADS);
      assertThat(metadata.requireNumber("llama.rope.freq_base")).isEqualTo(1000);
      assertThat(metadata.requireInt("llama.rope.dimension_count", 1, 99)).isEqualTo(HEAD_DIM);
      assertThat(source.tensors())
          .extracting(TensorInfo::name)
          .contains("token_embd.weight", "blk.1.attn_q.weight", "blk.0.ffn_norm.weight")
          .hasSize(2 * 9 + 3);
      TensorInfo embeddings = source.tensor("token_embd.weight").orElseThrow();
      assertThat(embeddings.dims()).containsExactly((long) DIM, (long) VOCAB);
      assertThat(source.format()).isEqualTo("Hugging Face folder, 1 safetensors file");
    }
    try (ModelFile file = ModelFile.open(folder)) {
      assertThat(file.tokenizer().encode("hello", false)).containsExactly(258, 'o');
      assertThat(file.config().heads()).isEqualTo(HEADS);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void answersAsTheSameWeightsInGguf(GgmlType type) throws Exception {
    ToyFolder toy = ToyFolder.llama();
    convert(toy.weights, type);
    Path folder = toy.write(temp.resolve("toy"));
    Path twin = GgufTwin.write(folder, toy.weights, type, temp.resolve("twin.gguf"));
    int[] prompt = {259, 5, 17, 211, 90, 258, 4, 4, 33};
    for (BackendKind backend : new BackendKind[] {BackendKind.SCALAR, BackendKind.AUTO}) {
      assertThat(logits(folder, backend, prompt)).isEqualTo(logits(twin, backend, prompt));
    }
  }

  private static void convert(SafetensorsWriter weights, GgmlType type) {
    if (type == GgmlType.F32) {
      return;
    }
    for (Map.Entry<String, SafetensorsWriter.Tensor> entry :
        List.copyOf(weights.tensors().entrySet())) {
      SafetensorsWriter.Tensor tensor = entry.getValue();
      if (tensor.shape().length == 2) {
        byte[] data = new byte[tensor.data().length / 2];
        for (int i = 0; i < data.length / 2; i++) {
          int bits =
              java.nio.ByteBuffer.wrap(tensor.data())
                  .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                  .getInt(4 * i);
          short half =
              type == GgmlType.BF16
                  ? (short) (bits >> 16)
                  : PlainNumbers.toF16(Float.intBitsToFloat(bits));
          data[2 * i] = (byte) half;
          data[2 * i + 1] = (byte) (half >> 8);
        }
        weights.put(entry.getKey(), type.name(), data, tensor.shape());
      }
    }
  }

  static float[] logits(Path path, BackendKind kind, int[] tokens) throws Exception {
    return Logits.of(path, kind, tokens);
  }

  @Test
  void severalFilesAreOneModel() throws Exception {
    ToyFolder toy = ToyFolder.llama();
    Path folder = toy.write(temp.resolve("toy"));
    int[] prompt = {1, 2, 3, 4};
    float[] expected = logits(folder, BackendKind.AUTO, prompt);
    String single;
    try (ModelSource source = ModelSources.open(folder)) {
      single = source.sha256();
    }
    split(folder, toy.weights);
    assertThat(logits(folder, BackendKind.AUTO, prompt)).isEqualTo(expected);
    try (ModelSource source = ModelSources.open(folder)) {
      assertThat(source.sha256()).hasSize(64).isNotEqualTo(single);
      assertThat(source.format()).isEqualTo("Hugging Face folder, 2 safetensors files");
    }
    Files.delete(folder.resolve("model-00002-of-00002.safetensors"));
    refuses(folder, "model-00002-of-00002.safetensors: missing");
  }

  private static void split(Path folder, SafetensorsWriter weights) throws IOException {
    SafetensorsWriter[] parts = {new SafetensorsWriter(), new SafetensorsWriter()};
    ObjectNode index = JSON.createObjectNode();
    ObjectNode map = index.putObject("weight_map");
    int i = 0;
    for (Map.Entry<String, SafetensorsWriter.Tensor> entry : weights.tensors().entrySet()) {
      int part = i++ % 2;
      SafetensorsWriter.Tensor tensor = entry.getValue();
      parts[part].put(entry.getKey(), tensor.dtype(), tensor.data(), tensor.shape());
      map.put(entry.getKey(), "model-0000" + (part + 1) + "-of-00002.safetensors");
    }
    for (int part = 0; part < 2; part++) {
      parts[part].write(folder.resolve("model-0000" + (part + 1) + "-of-00002.safetensors"));
    }
    Files.write(folder.resolve("model.safetensors.index.json"), JSON.writeValueAsBytes(index));
    Files.delete(folder.resolve("model.safetensors"));
  }

  @Test
  void refusesAnIndexThatIsNotTheFiles() throws IOException {
    ToyFolder toy = ToyFolder.llama();
    Path folder = toy.write(temp.resolve("toy"));
    split(folder, toy.weights);
    Path index = folder.resolve("model.safetensors.index.json");
    String text = Files.readString(index);
    Files.writeString(index, text.replaceFirst("norm.weight", "nurm.weight"));
    refuses(folder, "nurm.weight', but model.safetensors.index.json says so");
    Files.writeString(index, text.replaceFirst("model-00001", "../model-00001"));
    refuses(folder, "'../model-00001-of-00002.safetensors' is not a safetensors file's name");
    Files.writeString(index, "{}");
    refuses(folder, "weight_map names 0 files");
  }

  @Test
  void refusesWhatIsNoModelsFolder() throws IOException {
    refuses(temp, "a folder without config.json");
    Path folder = ToyFolder.llama().write(temp.resolve("toy"));
    Files.delete(folder.resolve("tokenizer.json"));
    refuses(folder, "there is no tokenizer.json");
    Files.delete(folder.resolve("model.safetensors"));
    refuses(folder, "neither model.safetensors nor model.safetensors.index.json");
    Files.writeString(folder.resolve("config.json"), "[1]");
    refuses(folder, "not a JSON object");
    Files.writeString(folder.resolve("config.json"), "{\"a\": 1");
    refuses(folder, "config.json: not JSON");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "architectures ['GPT2LMHeadModel'] 'GPT2LMHeadModel' is not supported; known are Llama",
        "hidden_size 0 hidden_size is '0', must be",
        "hidden_size 'x' hidden_size is 'x', must be",
        "hidden_size 1e300 must be a whole number",
        "num_attention_heads null there is no num_attention_heads",
        "num_attention_heads 8 heads of 8", // rows do not fit
        "hidden_act 'gelu' hidden_act is 'gelu'; this architecture computes silu",
        "rope_scaling {'type':'dynamic','factor':2} rope scaling 'dynamic' is not supported",
        "rope_scaling {'type':'linear'} there is no factor",
        "rope_scaling 7 rope_scaling must be an object",
        "quantization_config {'quant_method':'awq','bits':4} quantization 'awq' is not supported",
        "quantization_config {'quant_method':'gptq','bits':3,'group_size':128} GPTQ of 3 bits",
        "num_local_experts 8 mixture of experts",
      })
  void refusesConfigurationsInOneLine(String text) throws IOException {
    String[] parts = text.split(" ", 3);
    ToyFolder toy = ToyFolder.llama();
    toy.config.set(parts[0], JSON.readTree(parts[1].replace('\'', '"')));
    refuses(toy.write(temp.resolve("toy")), parts[2]);
  }

  @Test
  void refusesTensorsWithoutAPlaceOrOfAnotherType() throws IOException {
    ToyFolder toy = ToyFolder.llama();
    toy.vector("model.layers.0.self_attn.q_norm.weight", HEAD_DIM);
    refuses(toy.write(temp.resolve("a")), "self_attn.q_norm.weight' has no place in a llama");
    toy = ToyFolder.llama();
    toy.weights.put("model.norm.weight", "F64", new byte[8 * DIM], DIM);
    refuses(toy.write(temp.resolve("b")), "'model.norm.weight' is F64, which is not supported");
    toy = ToyFolder.llama();
    toy.weights.ints("model.layers.0.mlp.up_proj.qweight", new int[8], 1, 8);
    refuses(toy.write(temp.resolve("c")), "is packed, but config.json has no quantization_config");
    toy = ToyFolder.llama();
    toy.matrix("model.embed_tokens.weight", 9, DIM);
    refuses(toy.write(temp.resolve("d")), "vocab_size is 263, but the embeddings have 9 rows");
    toy.config.put("vocab_size", 9);
    refuses(toy.write(temp.resolve("e")), "262 tokens, but embeddings of 9");
  }

  static void refuses(Path folder, String problem) {
    assertThatThrownBy(() -> ModelSources.open(folder).close())
        .isInstanceOf(GgufFormatException.class)
        .hasMessageStartingWith(folder.toString())
        .hasMessageContaining(problem)
        .extracting(Throwable::getMessage)
        .asString()
        .doesNotContain("\n");
  }
}
