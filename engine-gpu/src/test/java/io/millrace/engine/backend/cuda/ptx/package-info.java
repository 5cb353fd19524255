/**
 * Runs the committed PTX on the JVM, a warp of 32 threads at a time, and watches it: what is out of
 * bounds, misaligned, read before it was written, raced for or waited for in vain is an error that
 * names the kernel, the line and the thread.
 *
 * <p>{@link PtxParser} reads the text; {@link KernelCompiler} makes each instruction a {@link Step}
 * over the registers of a {@link Warp}, once; a {@link Launch} runs the blocks of a grid one after
 * another and a {@link Block} its warps from barrier to barrier. {@link PtxDriver} is the driver
 * that host code sees.
 *
 * <p>What differs from hardware: approximate functions (ex2, lg2, rsqrt, rcp, sin, cos, tanh,
 * div.approx) are rounded correctly, where a device may be off by 1 to 2 units in the last place
 * (sin and cos by 2^-20); mma.sync adds its products in double precision and rounds once, where a
 * device truncates in between. So tests compare with tolerances that allow either.
 */
package io.millrace.engine.backend.cuda.ptx;
