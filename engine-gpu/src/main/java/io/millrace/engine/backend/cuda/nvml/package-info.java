/**
 * NVIDIA's management library (NVML), which comes with the driver: what a GPU tells of itself. Only
 * this package may import JNA.
 */
package io.millrace.engine.backend.cuda.nvml;
