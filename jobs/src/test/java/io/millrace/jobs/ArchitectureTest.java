package io.millrace.jobs;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.conditions.ArchConditions;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Which way dependencies point, and how classes are not called. Each rule is also run over a class
 * of {@link Violations} that breaks it: a rule that finds nothing there would find nothing
 * anywhere.
 */
class ArchitectureTest {
  private static final String ROOT = "io.millrace";

  private static final DescribedPredicate<JavaClass> VECTOR =
      DescribedPredicate.describe(
          "the vector backend", c -> c.getName().startsWith(ROOT + ".engine.backend.cpu.Vector"));

  private static final Pattern VAGUE_NAME =
      Pattern.compile("Abstract.*|.*(Manager|Helper|Utils|Impl|Processor)");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  private static final JavaClasses VIOLATIONS =
      new ClassFileImporter().importClasses(Violations.class.getDeclaredClasses());

  private static DescribedPredicate<JavaClass> in(String folder) {
    return resideInAPackage(ROOT + "." + folder + "..");
  }

  /** Those of a folder, or the stand-in of them among the violations. */
  private static DescribedPredicate<JavaClass> in(String folder, Class<?> standIn) {
    return in(folder).or(fixture(standIn));
  }

  /** A class that stands in for one that is not on this class path. */
  private static DescribedPredicate<JavaClass> fixture(Class<?> type) {
    return DescribedPredicate.describe("fixture", c -> c.isEquivalentTo(type));
  }

  @Test
  void engineIsAPlainJavaLibrary() {
    holdsAndCanFail(
        noClasses()
            .that(in("engine", Violations.EngineOnFlink.class))
            .should()
            .dependOnClassesThat(
                resideInAnyPackage("org.apache..", ROOT + ".jobs..", ROOT + ".schemas..")));
  }

  @Test
  void schemasStandForThemselves() {
    holdsAndCanFail(
        noClasses()
            .that(in("schemas", Violations.SchemaOnEngine.class))
            .should()
            .dependOnClassesThat(in("engine").or(in("jobs"))));
  }

  @Test
  void onlyTheVectorBackendUsesTheVectorModule() {
    var vectorModule = resideInAPackage("jdk.incubator.vector..");
    noClasses()
        .that(DescribedPredicate.not(VECTOR))
        .should()
        .dependOnClassesThat(vectorModule)
        .check(CLASSES);
    // This module is compiled without that module: what breaks the rule are those it excepts.
    assertThat(
            noClasses().should().dependOnClassesThat(vectorModule).evaluate(CLASSES).hasViolation())
        .isTrue();
  }

  @Test
  void onlyTheCudaBackendUsesJcuda() {
    // The fixture stands in for JCuda's package.
    holdsAndCanFail(
        noClasses()
            .that(DescribedPredicate.not(in("engine.backend.cuda")))
            .should()
            .dependOnClassesThat(resideInAPackage("jcuda..").or(fixture(Violations.Jcuda.class))));
  }

  @Test
  void onlyTheGpusMetersUseJna() {
    holdsAndCanFail(
        noClasses()
            .that(DescribedPredicate.not(in("engine.backend.cuda.nvml")))
            .should()
            .dependOnClassesThat(resideInAPackage("com.sun.jna..")));
  }

  @Test
  void onlyTracesKnowOpenTelemetry() {
    holdsAndCanFail(
        noClasses()
            .that(DescribedPredicate.not(in("jobs.trace")))
            .should()
            .dependOnClassesThat(
                resideInAnyPackage("io.opentelemetry.api..", "io.opentelemetry.sdk..")));
  }

  @Test
  void partsOfTheJobDoNotKnowWhoRunsIt() {
    for (String part :
        new String[] {"admit", "kafka", "cost", "generate", "state", "ledger", "trace"}) {
      holdsAndCanFail(
          noClasses()
              .that(in("jobs." + part, Violations.AdmitOnEmbedded.class))
              .should()
              .dependOnClassesThat(in("jobs.cli").or(in("jobs.embedded"))));
    }
  }

  @Test
  void theEmbeddedClusterDoesNotKnowTheCommandLine() {
    holdsAndCanFail(
        noClasses()
            .that(in("jobs.embedded", Violations.EmbeddedOnCli.class))
            .should()
            .dependOnClassesThat(in("jobs.cli").or(fixture(Violations.Command.class))));
  }

  /** What it is made of stays inside; who asks for a GPU gets a backend, or one line. */
  @Test
  void onlyTheBackendsChoiceKnowsTheCudaBackend() {
    DescribedPredicate<JavaClass> doors =
        in("engine.backend.cuda.nvml")
            .or(named("engine.backend.cuda.CudaBackends"))
            .or(named("engine.backend.cuda.CudaException"));
    holdsAndCanFail(
        noClasses()
            .that(
                DescribedPredicate.not(
                    in("engine.backend.cuda").or(named("engine.backend.BackendKind"))))
            .should()
            .dependOnClassesThat(in("engine.backend.cuda").and(DescribedPredicate.not(doors))));
  }

  private static DescribedPredicate<JavaClass> named(String name) {
    return DescribedPredicate.describe(name, c -> c.getName().equals(ROOT + "." + name));
  }

  @Test
  void namesSayWhatAClassIs() {
    holdsAndCanFail(
        noClasses()
            .should(
                ArchConditions.be(
                    DescribedPredicate.describe(
                        "called by a name that says nothing",
                        c -> VAGUE_NAME.matcher(c.getSimpleName()).matches()))));
  }

  @Test
  void looksAtAllThreeModules() {
    for (String part : new String[] {"engine", "schemas", "jobs", "jobs.embedded", "jobs.admit"}) {
      assertThat(CLASSES.stream().filter(in(part))).as(part).isNotEmpty();
    }
  }

  private static void holdsAndCanFail(ArchRule rule) {
    assertThat(rule.evaluate(VIOLATIONS).hasViolation())
        .as("the fixture breaks: %s", rule.getDescription())
        .isTrue();
    rule.check(CLASSES);
  }

  /** One class for each rule, which breaks it. */
  static final class Violations {
    static final class EngineOnFlink {
      org.apache.flink.configuration.Configuration configuration;
    }

    static final class SchemaOnEngine {
      io.millrace.engine.Engine engine;
    }

    static final class Jcuda {}

    static final class NativeCallsElsewhere {
      com.sun.jna.Pointer pointer;
    }

    static final class CudaElsewhere {
      Jcuda jcuda;
    }

    static final class AdmitOnEmbedded {
      io.millrace.jobs.embedded.EmbeddedKafka kafka;
    }

    static final class Command {}

    static final class EmbeddedOnCli {
      Command command;
    }

    static final class SpansElsewhere {
      io.opentelemetry.api.trace.Span span;
    }

    static final class CudaInside {
      io.millrace.engine.backend.cuda.DeviceDriver driver;
    }

    static final class PromptManager {}
  }
}
