/* Asks the server once a second for what is new, and shows it. */

import { clock, digits, drawn, element, formatted, usd } from "./charts.js";

const PERIOD_MS = 1000;
const $ = (id) => document.getElementById(id);

let description = null;
let dashboard = null;
let widgets = [];
let points = { times: [], panels: [] };
let asked = 0;

async function json(path) {
  const response = await fetch(path, { cache: "no-store" });
  if (!response.ok) throw new Error(path + ": " + response.status);
  return response.json();
}

function show(id) {
  dashboard = description.dashboards.find((d) => d.id === id) || description.dashboards[0];
  asked++;
  points = { times: [], panels: dashboard.panels.map(() => new Map()) };
  widgets.forEach((w) => w.destroy && w.destroy());
  widgets = dashboard.panels.map(drawn);
  $("cards").replaceChildren(...widgets.filter((w, i) => dashboard.panels[i].kind === "figure").map((w) => w.box));
  $("charts").replaceChildren(...widgets.filter((w, i) => dashboard.panels[i].kind !== "figure").map((w) => w.box));
  $("events").hidden = dashboard.id !== "overview" && dashboard.id !== "anomalies";
  for (const tab of $("tabs").children) {
    if (tab.dataset.id === dashboard.id) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

function tabs() {
  $("tabs").replaceChildren(
    ...description.dashboards.map((d) => {
      const tab = element("button", "", d.title);
      tab.type = "button";
      tab.title = d.description;
      tab.dataset.id = d.id;
      tab.addEventListener("click", () => {
        history.replaceState(null, "", "#" + d.id);
        show(d.id);
        refresh();
      });
      return tab;
    })
  );
}

/* Lines come and go: where one was not, there is nothing. */
function append(news) {
  const known = points.times.length;
  points.times.push(...news.times);
  const drop = Math.max(0, points.times.length - description.points);
  points.times.splice(0, drop);
  news.panels.forEach((panel, p) => {
    const lines = points.panels[p];
    for (const series of panel.series) {
      if (!lines.has(series.name)) lines.set(series.name, new Array(known).fill(null));
      lines.get(series.name).push(...series.values);
    }
    for (const [name, values] of lines) {
      while (values.length < known + news.times.length) values.push(null);
      values.splice(0, drop);
      if (values.every((v) => v === null)) lines.delete(name);
    }
  });
}

async function refresh() {
  const turn = asked;
  const since = points.times.length ? points.times[points.times.length - 1] : 0;
  const news = await json("/api/series?dashboard=" + dashboard.id + "&since=" + since);
  if (turn !== asked || !news.times.length) return;
  append(news);
  widgets.forEach((widget, p) => {
    widget.update(points.times, [...points.panels[p]].map(([name, values]) => ({ name, values })));
  });
}

function plural(count, what) {
  return count.toLocaleString("en-US") + " " + what + (count === 1 ? "" : "s");
}

function lead(totals) {
  if (!totals.requests) return;
  const cost = Number(totals.usd);
  const saved = Number(totals.savedUsd);
  const without = cost + saved;
  let text = plural(totals.requests, "request") + " cost " + usd(cost) + ".";
  if (saved > 0) text += " Without sharing and caching: " + usd(without) + ". " + digits((saved / without) * 100, 0) + "% was saved.";
  $("lead").textContent = text;
  $("sublead").textContent = plural(totals.reused, "answer") + " reused; idle device time cost " + usd(Number(totals.idleUsd)) + " besides.";
}

const COLUMNS = [["Time", ""], ["Tenant", ""], ["Model", "spare"], ["How", ""], ["Tokens in", "number"], ["out", "number"], ["Latency", "number"], ["Cost", "number"], ["Saved", "number"]];

function row(request) {
  const cells = [
    element("td", "", clock(request.time, true)),
    element("td"),
    element("td", "spare"),
    element("td"),
    element("td", "number", request.input.toLocaleString("en-US")),
    element("td", "number", request.output.toLocaleString("en-US")),
    element("td", "number", formatted(request.ms === null ? null : request.ms / 1000, "seconds")),
    element("td", "number", request.usd === null ? "unpriced" : usd(Number(request.usd))),
    element("td", "number", Number(request.saved) ? usd(Number(request.saved)) : ""),
  ];
  cells[1].append(element("bdi", "", request.tenant));
  cells[2].append(element("bdi", "", request.model));
  cells[3].append(element("span", "badge", request.status.replace("_", "-")));
  cells[3].firstChild.classList.add(...(/^[a-z_]+$/.test(request.status) ? [request.status] : []));
  if (description.texts) cells.push(element("td", "text", request.text || ""));
  const line = element("tr");
  line.append(...cells);
  return line;
}

function anomaly(event) {
  const item = element("li", event.open ? "open" : "");
  item.append(element("b", "", event.message || event.detector));
  const when = event.open ? "open since " + clock(event.since, true) : clock(event.since, true) + " to " + clock(event.until, true);
  item.append(element("span", "", [event.detector, event.tenant, event.model, event.severity, when].filter(Boolean).join(" · ")));
  return item;
}

async function events() {
  const news = await json("/api/events");
  lead(news.totals);
  if ($("events").hidden) return;
  $("requests").replaceChildren(...news.requests.map(row));
  $("anomalies").replaceChildren(...news.anomalies.map(anomaly));
  $("anomaly-section").hidden = !news.anomalies.length;
}

function state(name, text) {
  $("dot").className = name;
  $("state").textContent = text;
}

async function begin() {
  description = await json("/api/page");
  tabs();
  show(location.hash.slice(1));
  const head = element("tr");
  for (const [name, kind] of COLUMNS) head.append(element("th", kind, name));
  if (description.texts) head.append(element("th", "", "Answer"));
  $("columns").replaceChildren(head);
  $("requests-note").textContent = description.texts
    ? "The newest 50, from committed cost rows, with the beginnings of their answers."
    : "The newest 50, from committed cost rows. Texts are shown with --ui-text only.";
}

async function tick() {
  try {
    if (description === null) await begin();
    if (!$("flink").hasAttribute("href")) {
      const now = await json("/api/page");
      if (now.flink && /^http:\/\/127\.0\.0\.1:\d+/.test(now.flink)) {
        $("flink").href = now.flink;
        $("flink").hidden = false;
      }
    }
    if (!document.hidden) await Promise.all([refresh(), events()]);
    state(points.times.length ? "live" : "waiting", points.times.length ? "live" : "starting");
  } catch (e) {
    console.warn(e.stack || e);
    state("stopped", "stopped");
  }
  setTimeout(tick, PERIOD_MS);
}

const THEMES = [null, "light", "dark"];
function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
  else delete document.documentElement.dataset.theme;
  $("theme").textContent = name ? name[0].toUpperCase() + name.slice(1) : "Theme";
  widgets.forEach((w) => w.restyle && w.restyle());
}
function remembered(name) {
  try {
    if (name === undefined) return localStorage.getItem("theme");
    if (name) localStorage.setItem("theme", name);
    else localStorage.removeItem("theme");
  } catch (e) {
    /* a browser that remembers nothing */
  }
  return null;
}
$("theme").addEventListener("click", () => {
  const now = document.documentElement.dataset.theme || null;
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  remembered(next);
  theme(next);
});
const before = remembered();
theme(THEMES.includes(before) ? before : null);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => widgets.forEach((w) => w.restyle && w.restyle()));
let resizing = 0;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => widgets.forEach((w) => w.resize && w.resize()), 100);
});
tick();
