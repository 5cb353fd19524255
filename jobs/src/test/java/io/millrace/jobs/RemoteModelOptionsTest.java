package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;

class RemoteModelOptionsTest {

  @Test
  void aRemoteModelNeedsAProtocolAndAName() {
    Configuration options = new Configuration();
    set(options, "default.protocol", "openai");
    wrong(options, "millrace.model.default.remote-model is not set");
    set(options, "default.remote-model", "gpt-4o");
    assertThatCode(() -> MillraceOptions.validate(options)).doesNotThrowAnyException();
    set(options, "default.path", "model.gguf");
    wrong(options, "millrace.model.default.path is of models that run here");
  }

  @Test
  void optionsOfRemoteModelsAreOfNoUseToOthers() {
    Configuration options = new Configuration();
    set(options, "default.retries-max", "3");
    wrong(options, "millrace.model.default.retries-max is of remote models");
  }

  @Test
  void urlsHoldNoSecrets() {
    Configuration options = remote("default");
    for (String url :
        new String[] {"https://me:pw@host/v1", "https://host/v1?key=x", "host/v1", "file:///x"}) {
      set(options, "default.url", url);
      wrong(options, "millrace.model.default.url must be http(s)://HOST/PATH");
    }
  }

  @Test
  void fallbacksAreRemoteModelsAndEndSomewhere() {
    Configuration options = remote("default");
    options.setString("millrace.models", "default;other");
    set(options, "default.fallback", "other");
    wrong(options, "millrace.model.default.fallback must name a remote model");
    options.addAll(remote("other"));
    assertThatCode(() -> MillraceOptions.validate(options)).doesNotThrowAnyException();
    set(options, "other.fallback", "default");
    wrong(options, "leads in a circle");
  }

  @Test
  void providersBillTokens() {
    Configuration options = remote("default");
    set(options, "default.price", "device");
    assertThatThrownBy(() -> Pricings.of(options, "default"))
        .hasMessageContaining("must be catalogue:NAME for a remote model");
  }

  private static Configuration remote(String model) {
    Configuration options = new Configuration();
    set(options, model + ".protocol", "openai");
    set(options, model + ".remote-model", "gpt-4o");
    return options;
  }

  private static void set(Configuration options, String name, String value) {
    options.setString("millrace.model." + name, value);
  }

  private static void wrong(Configuration options, String message) {
    assertThatThrownBy(() -> MillraceOptions.validate(options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
