package io.millrace.engine.backend.cuda.ptx;

import java.util.Map;

/**
 * A compiled kernel.
 *
 * @param registers how many of 32 bits, of 64 bits and predicates
 * @param narrowConstants 32-bit registers that hold the same in every thread, with what they hold
 * @param shared {@link Memory} states of static shared memory: gaps lie between variables
 * @param sharedDynamic where dynamic shared memory begins in it
 * @param sharedDeclared bytes that the kernel itself declares, without gaps
 * @param localBytes of each thread
 * @param sharedGranule bytes of the smallest access to shared memory, as a shift; likewise global
 */
record Kernel(
    String name,
    Instruction[] code,
    int[] registers,
    Map<Integer, Integer> narrowConstants,
    Map<Integer, Long> wideConstants,
    Map<String, Integer> specials,
    byte[] shared,
    int sharedDynamic,
    int sharedDeclared,
    int localBytes,
    int parameterBytes,
    int sharedGranule,
    int globalGranule) {}
