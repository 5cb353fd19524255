/** The CUDA kernels: their committed PTX, its assembly, and what each computes. */
package io.millrace.engine.backend.cuda.kernels;
