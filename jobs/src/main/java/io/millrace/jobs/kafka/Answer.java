package io.millrace.jobs.kafka;

import io.millrace.schemas.Response;

/**
 * A response on its way to the responses topic.
 *
 * @param key the prompt record's key, or null
 * @param response the answer
 */
public record Answer(byte[] key, Response response) {}
