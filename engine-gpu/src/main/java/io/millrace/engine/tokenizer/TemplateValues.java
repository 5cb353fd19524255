package io.millrace.engine.tokenizer;

import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.util.ForLoop;
import java.util.Collection;
import java.util.Map;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELException;
import jinjava.javax.el.ELResolver;

/**
 * What a chat template can reach: entries of maps and lists, the loop variable, and the methods of
 * {@link PythonStrings}, maps and lists. No other object's properties or methods, whatever else the
 * library would allow.
 */
final class TemplateValues extends ELResolver {
  private final ELResolver library = JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY;

  @Override
  public Object invoke(
      ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
    if (base instanceof CharSequence) {
      context.setPropertyResolved(true);
      try {
        Object[] given = arguments == null ? new Object[0] : arguments;
        return PythonStrings.call(base.toString(), String.valueOf(method), given);
      } catch (IllegalArgumentException e) {
        throw new ELException(e.getMessage(), e);
      }
    }
    // The library turns x|f and "x is f" into method calls on the filter or the test.
    boolean filter = base instanceof Filter && "filter".equals(method);
    boolean test = base instanceof ExpTest && String.valueOf(method).startsWith("evaluate");
    if (filter || test || base instanceof Map || base instanceof Collection) {
      return library.invoke(context, base, method, types, arguments);
    }
    context.setPropertyResolved(true);
    throw new ELException("no method " + method + " can be called here");
  }

  @Override
  public Object getValue(ELContext context, Object base, Object property) {
    boolean open =
        base == null
            || base instanceof Map
            || base instanceof Collection
            || base instanceof ForLoop
            || (base instanceof Object[] && property instanceof Number);
    if (open) {
      return library.getValue(context, base, property);
    }
    context.setPropertyResolved(true);
    return null; // as an attribute that is not there: undefined
  }

  @Override
  public Class<?> getType(ELContext context, Object base, Object property) {
    return library.getType(context, base, property);
  }

  @Override
  public void setValue(ELContext context, Object base, Object property, Object value) {
    library.setValue(context, base, property, value);
  }

  @Override
  public boolean isReadOnly(ELContext context, Object base, Object property) {
    return library.isReadOnly(context, base, property);
  }

  @Override
  public java.util.Iterator<java.beans.FeatureDescriptor> getFeatureDescriptors(
      ELContext context, Object base) {
    return java.util.Collections.emptyIterator();
  }

  @Override
  public Class<?> getCommonPropertyType(ELContext context, Object base) {
    return library.getCommonPropertyType(context, base);
  }
}
