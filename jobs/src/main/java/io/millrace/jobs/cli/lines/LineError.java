package io.millrace.jobs.cli.lines;

/**
 * Why a line has no answer.
 *
 * @param code short and machine-readable
 * @param message one line for people
 */
public record LineError(String code, String message) {}
