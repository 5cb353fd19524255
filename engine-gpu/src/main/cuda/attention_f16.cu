// Paged attention over a cache of binary16: see attention.cuh for parameters and launch.
#include "attention.cuh"

ATTENTIONS(f16, __half)
