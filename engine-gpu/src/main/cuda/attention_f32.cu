// Paged attention over a cache of float32: see attention.cuh for parameters and launch.
#include "attention.cuh"

ATTENTIONS(f32, float)
