// Attention of chunks over a cache of any type: see attention_prefill.cuh for parameters and launch.
#include "attention_prefill.cuh"

PREFILL(f32, float, 64)
PREFILL(f32, float, 128)
PREFILL(f16, __half, 64)
PREFILL(f16, __half, 128)
PREFILL(int8, int8_t, 64)
PREFILL(int8, int8_t, 128)
