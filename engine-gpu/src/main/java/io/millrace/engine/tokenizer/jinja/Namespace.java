package io.millrace.engine.tokenizer.jinja;

import java.util.Map;

/** Variables that blocks inside can change. */
record Namespace(Map<Object, Object> values) {}
