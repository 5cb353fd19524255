/**
 * A report as one HTML page that needs nothing else: no script, no font, no address. Charts are
 * inline SVG that stretches with the page, with labels of HTML, which do not.
 */
package io.millrace.jobs.report.html;
