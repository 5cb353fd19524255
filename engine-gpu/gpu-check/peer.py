"""The peer: PyTorch transformers on the shapes of the benchmark, with random weights.

    peer.py --results results.jsonl [--models 1b-f16,8b-f16] [--batches 1,16,64]

Adds its rows to the results that Millrace's own benchmark wrote: prompts and decoding by generate()
with a static cache of one length, and continuous batching of the same mixed load. Shapes and lengths
are those of BenchModel and EngineRun in io.millrace.engine.bench.
"""

import argparse
import datetime
import json
import time

import torch
import transformers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

SHAPES = {  # dim, layers, heads, KV heads, ffn, tied
    "8b": (4096, 32, 32, 8, 14336, False),
    "1b": (2048, 16, 32, 8, 8192, True),
    "tiny": (256, 2, 4, 2, 512, False),
}
VOCABULARY = {"tiny": 1024}
PROMPT_MIN, PROMPT_MAX, OUTPUT_MIN, OUTPUT_MAX = 32, 512, 16, 256
PAGED = ["paged|flash_attention_2", "paged|sdpa", "sdpa_paged", "sdpa"]  # names differ by version


def model_of(name, attention):
    """A model with random weights in float16 on the GPU."""
    shape = name.split("-")[0]
    dim, layers, heads, kv_heads, ffn, tied = SHAPES[shape]
    config = LlamaConfig(
        vocab_size=VOCABULARY.get(shape, 128_256), hidden_size=dim, num_hidden_layers=layers,
        num_attention_heads=heads, num_key_value_heads=kv_heads, intermediate_size=ffn,
        tie_word_embeddings=tied, max_position_embeddings=8192, bos_token_id=None, eos_token_id=None,
        pad_token_id=0,
    )
    config._attn_implementation = attention
    torch.set_default_dtype(torch.float16)
    with torch.device(DEVICE):
        model = LlamaForCausalLM(config).eval()
    torch.set_default_dtype(torch.float32)
    return model


def prompts(vocabulary, lengths):
    return [
        [(1_000_003 * i + 7_919 * at) % vocabulary for at in range(length)]
        for i, length in enumerate(lengths)
    ]


def timed(run):
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def median(times):
    return sorted(times)[len(times) // 2]


class Results:
    def __init__(self, path):
        self.path = path

    def add(self, model, measure, batch, value, unit, note):
        row = {
            "by": "transformers", "device": NAME,
            "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
            "model": model, "measure": measure, "batch": batch, "value": value, "unit": unit,
            "limit": "NaN", "note": note,
        }
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(row, flush=True)


def steps(name, model, batches, context, results):
    """Decoding: the time of 64 tokens more than one, so that the prompt's is left out."""
    vocabulary = model.config.vocab_size
    for batch in batches:
        ids = torch.tensor(prompts(vocabulary, [context] * batch), device=DEVICE)

        def generate(tokens, ids=ids):
            model.generate(
                ids, attention_mask=torch.ones_like(ids), do_sample=False,
                min_new_tokens=tokens, max_new_tokens=tokens,
            )

        try:
            timed(lambda: generate(2))
            one = median([timed(lambda: generate(1)) for _ in range(3)])
            more = median([timed(lambda: generate(65)) for _ in range(3)])
        except torch.cuda.OutOfMemoryError:
            torch.cuda.empty_cache()
            print(f"{name}: batch {batch} has no memory", flush=True)
            return
        if batch == 1:
            results.add(name, "prompt", 1, context / one, "tokens/s", "generate()")
        results.add(name, "decode", batch, 64 * batch / (more - one), "tokens/s", "generate()")


def batching(name, sequences, requests, results):
    """The mixed load of EngineRun, submitted at once."""
    lengths = [PROMPT_MIN + 7_919 * i % (PROMPT_MAX - PROMPT_MIN + 1) for i in range(requests)]
    outputs = [OUTPUT_MIN + 104_729 * i % (OUTPUT_MAX - OUTPUT_MIN + 1) for i in range(requests)]
    for attention in PAGED:
        try:
            model = model_of(name, attention)
            inputs = prompts(model.config.vocab_size, lengths)
            config = GenerationConfig(
                do_sample=False, max_new_tokens=OUTPUT_MAX, eos_token_id=-1, pad_token_id=0,
                use_cache=False,
            )
            manager = model.init_continuous_batching(generation_config=config)
            if hasattr(manager, "warmup"):  # captures CUDA graphs
                with torch.inference_mode():
                    manager.warmup()
            manager.start()
            try:
                for count in (min(16, requests), requests):  # the first is a warm-up
                    tokens = 0
                    start = time.perf_counter()
                    for i in range(count):
                        manager.add_request(inputs[i], max_new_tokens=outputs[i])
                    finished = 0
                    while finished < count:
                        answer = manager.get_result(timeout=120)
                        if answer is None:
                            raise RuntimeError("no answer within 120 s")
                        if answer.is_finished():
                            finished += 1
                            tokens += len(answer.generated_tokens)
                    if tokens != sum(outputs[:count]):
                        raise RuntimeError(f"{tokens} tokens of {sum(outputs[:count])}")
                    took = time.perf_counter() - start
            finally:
                manager.stop(block=True, timeout=30)
            note = f"continuous batching, attention {attention}, transformers {transformers.__version__}"
            results.add(name, "continuous batching", sequences, tokens / took, "tokens/s", note)
            return
        except Exception as e:  # versions differ in what they have: the next may work
            print(f"{name}: continuous batching with {attention} failed: {e!r}", flush=True)
        finally:
            model = manager = None
            if DEVICE == "cuda":
                torch.cuda.empty_cache()


def main():
    global DEVICE, NAME
    parser = argparse.ArgumentParser()
    parser.add_argument("--results", required=True)
    parser.add_argument("--models", default="1b-f16,8b-f16")
    parser.add_argument("--batches", default="1,16,64")
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--sequences", type=int, default=256)
    parser.add_argument("--requests", type=int, default=256)
    options = parser.parse_args()
    DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
    NAME = torch.cuda.get_device_name(0) if DEVICE == "cuda" else "cpu"
    results = Results(options.results)
    for name in options.models.split(","):
        batching(name, options.sequences, options.requests, results)
        with torch.inference_mode():
            model = model_of(name, "sdpa")
            batches = [int(batch) for batch in options.batches.split(",")]
            steps(name, model, batches, options.context, results)
        del model


main()
