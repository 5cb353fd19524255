package io.millrace.jobs.report.html;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.report.Report;
import io.millrace.jobs.report.SampleReports;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class HtmlReportTest {

  @Test
  void isOneWellFormedPageWithFiguresAndCharts() throws Exception {
    String html = HtmlReport.of(SampleReports.mixed(), 10);
    Document page = parse(html);

    assertThat(texts(page, "h1")).containsExactly("LLM cost report");
    assertThat(texts(page, "h2"))
        .contains("Total cost", "Cost over time", "Where the savings come from", "Top spenders");
    assertThat(texts(page, "p"))
        .contains("$0.45 + 1 unpriced", "$0.28 + 1 unpriced")
        .anyMatch(text -> text.contains("No price is known for 1 of 6 rows, 1 request among them"));
    assertThat(texts(page, "td")).contains("−$0.25", "+$0.02", "1 unpriced");
    assertThat(texts(page, "title"))
        .as("what a pointer on a bar is told")
        .contains("1 Mar 2026, 10:00:30: $0.05; idle $0.04; lost to failures $0.01");
    for (Element svg : elements(page, "svg")) {
      assertThat(svg.hasAttribute("aria-label") || svg.hasAttribute("aria-hidden")).isTrue();
    }
  }

  @Test
  void loadsNothingAndRunsNothing() throws Exception {
    for (Report report : List.of(SampleReports.mixed(), SampleReports.large())) {
      String html = HtmlReport.of(report, 10);
      Document page = parse(html);
      for (String tag : List.of("script", "link", "img", "iframe", "object", "use", "a", "form")) {
        assertThat(elements(page, tag)).as(tag).isEmpty();
      }
      for (Element element : elements(page, "*")) {
        for (int i = 0; i < element.getAttributes().getLength(); i++) {
          String name = element.getAttributes().item(i).getNodeName();
          assertThat(name).doesNotStartWith("on").isNotIn("src", "href", "xlink:href", "srcset");
        }
      }
      assertThat(texts(page, "style").get(0)).doesNotContain("url(", "@import", "http");
      assertThat(elements(page, "meta"))
          .anyMatch(meta -> meta.getAttribute("content").startsWith("default-src 'none'"));
    }
  }

  @Test
  void namesStandInItAsText() throws Exception {
    String html = HtmlReport.of(SampleReports.mixed(), 10);

    assertThat(html)
        .doesNotContain("<script", "\u001b", "\u202E")
        .contains("&lt;script src=&quot;http://evil.example");
    assertThat(texts(parse(html), "bdi"))
        .anyMatch(name -> name.startsWith("=cmd()|'<script src=\"http://evil.example"));
  }

  @Test
  void nothingIsSaidSo() throws Exception {
    Document page = parse(HtmlReport.of(SampleReports.empty(), 10));
    assertThat(texts(page, "p")).contains("There is no row in a test for this choice.");
    assertThat(elements(page, "svg")).isEmpty();
  }

  @Test
  void whatIsUnpricedIsNotNothing() throws Exception {
    Document page = parse(HtmlReport.of(SampleReports.unpriced(), 10));
    assertThat(texts(page, "p"))
        .contains(
            "2 requests by 1 tenant. What they cost is not known: they have no price.",
            "1 unpriced",
            "2 unpriced");
    assertThat(texts(page, "p")).filteredOn(text -> text.equals("$0")).isEmpty();
    assertThat(texts(page, "td")).contains("unpriced");
  }

  @Test
  void manyTenantsAndDaysStayReadable() throws Exception {
    String html = HtmlReport.of(SampleReports.large(), 10);
    Document page = parse(html);
    assertThat(texts(page, "th")).contains("490 others");
    assertThat(texts(page, "figcaption")).contains("By tenant, each bar 3 days, USD");
    assertThat(elements(page, "g")).hasSize(134);
    assertThat(html.length()).isLessThan(400_000);
  }

  private static Document parse(String html) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://javax.xml.XMLConstants/feature/secure-processing", true);
    return factory.newDocumentBuilder().parse(new InputSource(new StringReader(html)));
  }

  private static List<Element> elements(Document page, String tag) {
    NodeList nodes = page.getElementsByTagName(tag);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      elements.add((Element) nodes.item(i));
    }
    return elements;
  }

  private static List<String> texts(Document page, String tag) {
    return elements(page, tag).stream().map(Element::getTextContent).toList();
  }
}
