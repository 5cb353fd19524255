package io.millrace.engine.model;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.gguf.TensorInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A llama as the papers write it: one sequence, double precision, no cache, no batch, and not a
 * line in common with the engine but the reading of bytes from the file.
 */
final class ReferenceLlama {
  private final GgufFile file;
  private final ToyLlama shape;

  ReferenceLlama(GgufFile file, ToyLlama shape) {
    this.file = file;
    this.shape = shape;
  }

  /** Logits of every position. */
  double[][] logits(int[] tokens) {
    double[][] embeddings = matrix("token_embd.weight");
    double[][] x = new double[tokens.length][];
    for (int t = 0; t < tokens.length; t++) {
      x[t] = embeddings[tokens[t]].clone();
    }
    for (int layer = 0; layer < shape.layers(); layer++) {
      String block = "blk." + layer + ".";
      attention(block, x);
      for (double[] row : x) {
        double[] h = norm(row, block + "ffn_norm.weight");
        double[] gate = apply(block + "ffn_gate.weight", h);
        double[] up = apply(block + "ffn_up.weight", h);
        for (int i = 0; i < gate.length; i++) {
          gate[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
        }
        addTo(row, apply(block + "ffn_down.weight", gate));
      }
    }
    double[][] logits = new double[tokens.length][];
    for (int t = 0; t < tokens.length; t++) {
      String output = shape.tied() ? "token_embd.weight" : "output.weight";
      logits[t] = apply(output, norm(x[t], "output_norm.weight"));
    }
    return logits;
  }

  private void attention(String block, double[][] x) {
    int n = x.length;
    int d = shape.headDim();
    double[][] q = new double[n][];
    double[][] k = new double[n][];
    double[][] v = new double[n][];
    for (int t = 0; t < n; t++) {
      double[] h = norm(x[t], block + "attn_norm.weight");
      q[t] = rotate(apply(block + "attn_q.weight", h), t);
      k[t] = rotate(apply(block + "attn_k.weight", h), t);
      v[t] = apply(block + "attn_v.weight", h);
    }
    for (int t = 0; t < n; t++) {
      double[] mixed = new double[shape.heads() * d];
      for (int head = 0; head < shape.heads(); head++) {
        int kvHead = head / (shape.heads() / shape.kvHeads());
        double[] p = new double[t + 1];
        double sum = 0;
        for (int s = 0; s <= t; s++) {
          double dot = 0;
          for (int i = 0; i < d; i++) {
            dot += q[t][head * d + i] * k[s][kvHead * d + i];
          }
          p[s] = Math.exp(dot / Math.sqrt(d));
          sum += p[s];
        }
        for (int s = 0; s <= t; s++) {
          for (int i = 0; i < d; i++) {
            mixed[head * d + i] += p[s] / sum * v[s][kvHead * d + i];
          }
        }
      }
      addTo(x[t], apply(block + "attn_output.weight", mixed));
    }
  }

  private double[] rotate(double[] heads, int position) {
    for (int at = 0; at < heads.length; at += shape.headDim()) {
      for (int i = 0; i < shape.ropeDim(); i += 2) {
        double angle = position * Math.pow(1000, -(double) i / shape.ropeDim());
        double a = heads[at + i];
        double b = heads[at + i + 1];
        heads[at + i] = a * Math.cos(angle) - b * Math.sin(angle);
        heads[at + i + 1] = a * Math.sin(angle) + b * Math.cos(angle);
      }
    }
    return heads;
  }

  private double[] norm(double[] x, String gain) {
    double[] weight = matrix(gain)[0];
    double squares = 0;
    for (double value : x) {
      squares += value * value;
    }
    double[] out = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      out[i] = x[i] / Math.sqrt(squares / x.length + 1e-5) * weight[i];
    }
    return out;
  }

  private static void addTo(double[] x, double[] y) {
    for (int i = 0; i < x.length; i++) {
      x[i] += y[i];
    }
  }

  private double[] apply(String name, double[] x) {
    double[][] w = matrix(name);
    double[] out = new double[w.length];
    for (int o = 0; o < w.length; o++) {
      for (int i = 0; i < x.length; i++) {
        out[o] += w[o][i] * x[i];
      }
    }
    return out;
  }

  private double[][] matrix(String name) {
    TensorInfo info = file.tensor(name).orElseThrow();
    byte[] bytes = new byte[(int) info.bytes()];
    try {
      file.read(info, 0, bytes, 0, bytes.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ByteBuffer data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    double[][] matrix = new double[(int) info.rows()][(int) info.columns()];
    for (double[] row : matrix) {
      for (int i = 0; i < row.length; i += info.type().blockElements()) {
        decode(info.type(), data, row, i);
      }
    }
    return matrix;
  }

  private static void decode(GgmlType type, ByteBuffer data, double[] row, int at) {
    switch (type) {
      case F32 -> row[at] = data.getFloat();
      case F16 -> row[at] = half(data.getShort());
      case BF16 -> row[at] = Float.intBitsToFloat(data.getShort() << 16);
      case Q8_0 -> {
        double scale = half(data.getShort());
        for (int i = 0; i < 32; i++) {
          row[at + i] = scale * data.get();
        }
      }
      default -> {
        double scale = half(data.getShort());
        for (int i = 0; i < 16; i++) {
          int pair = data.get() & 0xff;
          row[at + i] = scale * (pair % 16 - 8);
          row[at + i + 16] = scale * (pair / 16 - 8);
        }
      }
    }
  }

  /** Normal numbers only. */
  private static double half(short bits) {
    double magnitude = (1 + (bits & 0x3ff) / 1024.0) * Math.pow(2, (bits >> 10 & 31) - 15);
    return bits < 0 ? -magnitude : magnitude;
  }
}
