// Paged attention over a cache of int8, one scale a vector: see attention.cuh for parameters and launch.
#include "attention.cuh"

ATTENTIONS(int8, int8_t)
