package io.millrace.jobs.dashboards;

import java.util.List;

/**
 * Panels that belong together.
 *
 * @param id of letters and hyphens; the file's name
 */
public record Dashboard(String id, String title, String description, List<Panel> panels) {}
