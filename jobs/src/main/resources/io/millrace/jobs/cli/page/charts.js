/* Draws panels. Names may come from anyone: they are put into the page as text only. */

const COLORS = 8;
const SVG = "http://www.w3.org/2000/svg";

export function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function svg(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  return node;
}

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function digits(value, most) {
  const size = Math.abs(value);
  const places = size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { maximumFractionDigits: Math.min(places, most) });
}

/* With three digits that count, however small; 0.000012 is $0.000012. */
export function usd(value) {
  const size = Math.abs(value);
  if (size === 0) return "$0";
  if (value < 0) return "-" + usd(size);
  if (size >= 1) return "$" + value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const places = Math.min(12, 1 - Math.floor(Math.log10(size)) + 1);
  return "$" + value.toFixed(places).replace(/0+$/, "");
}

function scaled(value, base, units) {
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= base && unit < units.length - 1) {
    size /= base;
    unit++;
  }
  return [digits(size, 2), units[unit]];
}

/* The number, and its unit where that stands apart. */
function parts(value, unit) {
  if (value === null || value === undefined || !isFinite(value)) return ["–", ""];
  switch (unit) {
    case "usd": return [usd(value), ""];
    case "share": return [digits(value * 100, 1) + "%", ""];
    case "seconds": return value < 1 ? [digits(value * 1000, 0), "ms"] : value < 120 ? [digits(value, 2), "s"] : [digits(value / 60, 1), "min"];
    case "milliseconds": return parts(value / 1000, "seconds");
    case "hours": return value >= 48 ? [digits(value / 24, 1), "days"] : [digits(value, 1), "h"];
    case "tokens_per_second": return [scaled(value, 1000, ["", "k", "M"]).join(""), "tok/s"];
    case "per_second": return [scaled(value, 1000, ["", "k", "M"]).join(""), "/s"];
    case "bytes": return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
    default: return [scaled(value, 1000, ["", "k", "M", "G"]).join(""), ""];
  }
}

export function formatted(value, unit) {
  const [number, suffix] = parts(value, unit);
  return suffix ? number + " " + suffix : number;
}

export function clock(ms, seconds) {
  return new Date(ms).toLocaleTimeString("en-GB", seconds ? {} : { hour: "2-digit", minute: "2-digit" });
}

function last(values) {
  for (let i = values.length - 1; i >= 0 && i >= values.length - 5; i--) if (values[i] !== null) return values[i];
  return null;
}

function titled(panel) {
  const box = element("section", "chart");
  box.append(element("h2", "", panel.title), element("p", "", panel.description));
  const body = element("div");
  box.append(body);
  return [box, body];
}

/* A figure with its history in small. */
function figure(panel) {
  const box = element("div", "card");
  box.title = panel.description;
  const number = element("p");
  const picture = svg("svg", { viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-hidden": "true" });
  const area = svg("polygon", {});
  const line = svg("polyline", {});
  picture.append(area, line);
  box.append(element("h2", "", panel.title), number, picture);
  const update = (times, series) => {
    const values = series.length ? series[0].values : [];
    const now = last(values);
    const [text, unit] = parts(now, panel.unit);
    number.replaceChildren(text);
    if (unit) number.append(element("small", "", unit));
    box.classList.toggle("look", now !== null && panel.limit !== undefined && (panel.above ? now > panel.limit : now < panel.limit));
    const known = values.map((v, i) => [i, v]).filter((p) => p[1] !== null);
    const most = Math.max(...known.map((p) => p[1]), 1e-12) * 1.1;
    const span = Math.max(1, values.length - 1);
    const points = known.map(([i, v]) => ((i / span) * 100).toFixed(2) + "," + (30 - (Math.max(0, v) / most) * 28).toFixed(2));
    line.setAttribute("points", points.length > 1 ? points.join(" ") : "");
    area.setAttribute("points", points.length > 1 ? points[0].split(",")[0] + ",30 " + points.join(" ") + " " + points[points.length - 1].split(",")[0] + ",30" : "");
  };
  return { box, update };
}

/* Lines or areas over time. */
function timeSeries(panel) {
  const [box, body] = titled(panel);
  const plotBox = element("div", "plot");
  const legend = element("ul", "legend");
  body.append(plotBox, legend);
  const stacked = panel.kind === "stack";
  let plot = null;
  let names = "";
  let shown = { times: [], series: [] };
  let values = [];

  function legendAt(index) {
    values.forEach((node, s) => {
      const of = shown.series[s].values;
      node.textContent = formatted(index === null || index === undefined ? last(of) : of[index], panel.unit);
    });
  }

  function data() {
    const rows = [shown.times.map((t) => t / 1000)];
    let below = shown.times.map(() => 0);
    for (const series of shown.series) {
      if (stacked) below = below.map((sum, i) => sum + (series.values[i] || 0));
      rows.push(stacked ? below : series.values);
    }
    return rows;
  }

  function build() {
    if (plot) plot.destroy();
    legend.replaceChildren();
    values = [];
    const lines = shown.series.map((series, s) => {
      const color = css("--c" + (s % COLORS));
      const item = element("li");
      item.append(element("i", "c" + (s % COLORS)), element("bdi", "", series.name));
      const value = element("b");
      values.push(value);
      item.append(value);
      legend.append(item);
      const fill = stacked ? color + "66" : shown.series.length === 1 ? color + "22" : undefined;
      return { stroke: color, width: 1.5, fill, points: { show: false }, spanGaps: true };
    });
    const axis = { stroke: css("--muted"), font: "11px system-ui, sans-serif", ticks: { show: false } };
    const grid = { stroke: css("--line"), width: 1 };
    const bands = stacked ? lines.slice(1).map((line, i) => ({ series: [i + 2, i + 1], fill: line.fill })) : [];
    plot = new uPlot(
      {
        width: Math.max(50, plotBox.clientWidth),
        height: plotBox.clientHeight,
        legend: { show: false },
        cursor: { y: false, points: stacked ? { show: false } : {}, drag: { x: false, y: false }, sync: { key: "millrace" } },
        scales: { y: { range: (u, low, high) => [Math.min(0, low || 0), highest(panel, high)] } },
        series: [{}, ...lines],
        bands,
        axes: [
          { ...axis, grid: { show: false }, size: 24, space: 70, values: (u, splits, a, b, step) => splits.map((s) => clock(s * 1000, step < 60)) },
          { ...axis, grid, size: 62, space: 36, values: (u, splits) => splits.map((v) => formatted(v, panel.unit)) },
        ],
        hooks: {
          setCursor: [(u) => legendAt(u.cursor.idx)],
          draw: [(u) => limit(u, panel)],
        },
      },
      data(),
      plotBox
    );
  }

  const update = (times, series) => {
    shown = { times, series };
    const now = series.map((s) => s.name).join("\n");
    if (plot === null || now !== names) {
      names = now;
      build();
    } else {
      plot.setData(data());
    }
    legendAt(plot.cursor.idx);
  };
  const resize = () => plot && plot.setSize({ width: Math.max(50, plotBox.clientWidth), height: plotBox.clientHeight });
  const destroy = () => plot && plot.destroy();
  return { box, update, resize, restyle: () => plot && build(), destroy };
}

/* Shares have no room above 100%; flat lines at 0 have some. */
function highest(panel, high) {
  const most = Math.max(high || 0, panel.limit && panel.kind !== "stack" ? panel.limit : 0);
  if (most <= 0) return panel.unit === "count" ? 4 : panel.unit === "usd" ? 0.01 : 1;
  return panel.unit === "share" && most <= 1.001 ? Math.min(1.02, most * 1.15) : most * 1.1;
}

function limit(u, panel) {
  if (panel.limit === undefined) return;
  const y = Math.round(u.valToPos(panel.limit, "y", true));
  u.ctx.save();
  u.ctx.strokeStyle = css("--bad");
  u.ctx.setLineDash([5, 4]);
  u.ctx.beginPath();
  u.ctx.moveTo(u.bbox.left, y);
  u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
  u.ctx.stroke();
  u.ctx.restore();
}

/* The newest values, side by side. */
function bars(panel) {
  const [box, body] = titled(panel);
  const update = (times, series) => {
    const rows = series.map((s) => [s.name, last(s.values)]).filter((r) => r[1] !== null).sort((a, b) => b[1] - a[1]);
    const most = Math.max(...rows.map((r) => r[1]), 1e-12);
    const list = element("div", "bars");
    rows.forEach(([name, value], i) => {
      const picture = svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" });
      picture.append(svg("rect", { width: Math.max(0, (value / most) * 100).toFixed(2), height: "10", class: "c" + (i % COLORS) }));
      list.append(element("bdi", "", name), picture, element("b", "number", formatted(value, panel.unit)));
    });
    body.replaceChildren(rows.length ? list : element("p", "empty", "Nothing yet"));
  };
  return { box, update };
}

/* When something was above 0. */
function timeline(panel) {
  const [box, body] = titled(panel);
  const update = (times, series) => {
    const rows = series.filter((s) => s.values.some((v) => v > 0));
    if (!rows.length) {
      body.replaceChildren(element("p", "empty", "None in the time that is shown"));
      return;
    }
    const list = element("div", "timeline");
    for (const row of rows) {
      const picture = svg("svg", { viewBox: "0 0 " + times.length + " 10", preserveAspectRatio: "none", "aria-hidden": "true" });
      for (let i = 0; i < times.length; i++) {
        if (!(row.values[i] > 0)) continue;
        const begin = i;
        while (i + 1 < times.length && row.values[i + 1] > 0) i++;
        picture.append(svg("rect", { x: begin, width: i - begin + 1, height: 10 }));
      }
      list.append(element("bdi", "", row.name), picture);
    }
    const axis = element("div", "axis");
    axis.append(element("span", "", clock(times[0], true)), element("span", "", clock(times[times.length - 1], true)));
    list.append(axis);
    body.replaceChildren(list);
  };
  return { box, update };
}

export function drawn(panel) {
  switch (panel.kind) {
    case "figure": return figure(panel);
    case "bars": return bars(panel);
    case "timeline": return timeline(panel);
    default: return timeSeries(panel);
  }
}
