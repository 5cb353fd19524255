package io.millrace.engine.tokenizer;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.InterpreterFactory;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.Filter;

/**
 * Fails on filters and tests that do not exist. The library by itself makes nothing of them, and
 * the prompt would silently lack what they were to give.
 */
final class StrictContext extends Context {

  /** Gives every rendering such a context. */
  static final class Interpreters implements InterpreterFactory {
    @Override
    public JinjavaInterpreter newInstance(JinjavaInterpreter original) {
      return new JinjavaInterpreter(original);
    }

    @Override
    public JinjavaInterpreter newInstance(Jinjava jinja, Context context, JinjavaConfig config) {
      return new JinjavaInterpreter(jinja, new StrictContext(context), config);
    }
  }

  StrictContext(Context parent) {
    super(parent);
  }

  @Override
  public Filter getFilter(String name) {
    Filter filter = super.getFilter(name);
    if (filter == null) {
      throw new IllegalArgumentException("there is no filter " + name);
    }
    return filter;
  }

  @Override
  public ExpTest getExpTest(String name) {
    ExpTest test = super.getExpTest(name);
    if (test == null) {
      throw new IllegalArgumentException("there is no test " + name);
    }
    return test;
  }
}
