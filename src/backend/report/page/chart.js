// Charts of the utilization of a pool over time, and of its forecast.

// A small line for a row of the table.
function sparkline(pool) {
  if (pool.trend.length < 2) return "";
  const [width, height] = [96, 22];
  const [start, end] = [pool.trend[0][0], pool.trend.at(-1)[0]];
  const top = Math.max(...pool.trend.map(([, provisioned]) => provisioned)) || 1;
  const spots = pool.trend.map(([at, , used]) => `${(((at - start) / (end - start)) * width).toFixed(1)},${(height - 1 - (used / top) * (height - 2)).toFixed(1)}`);
  const area = drawing("path", { class: "area", d: `M0,${height} L${spots.join(" L")} L${width},${height} Z` });
  const line = drawing("path", { class: "line", d: `M${spots.join(" L")}` });
  return drawing("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", preserveAspectRatio: "none" }, area, line);
}

// The right end of the chart: the time of the forecast, but not so far away that the past becomes a dash.
function horizon(pool) {
  const [start, end] = [pool.trend[0][0], pool.trend.at(-1)[0]];
  const full = pool.forecast?.full;
  if (!pool.forecast || pool.forecast.perDay <= 0) return end;
  return Math.min(end + (end - start), Math.max(end + (end - start) / 4, full ?? Infinity));
}

function chart(pool) {
  const [width, height, left, bottom] = [760, 240, 64, 26];
  const [start, now, used] = [pool.trend[0][0], pool.trend.at(-1)[0], pool.trend.at(-1)[2]];
  const end = horizon(pool);
  const top = Math.max(...pool.trend.map((point) => Math.max(point[1], point[2]))) || 1;
  const x = (at) => left + ((at - start) / Math.max(1, end - start)) * (width - left - 8);
  const y = (count) => height - bottom - (count / top) * (height - bottom - 14);
  const spots = (index) => pool.trend.map((point) => `${x(point[0]).toFixed(1)},${y(point[index]).toFixed(1)}`).join(" L");
  const parts = [];
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    parts.push(drawing("line", { class: "rule", x1: left, x2: width - 8, y1: y(top * part), y2: y(top * part) }));
    parts.push(drawing("text", { class: "axis", x: left - 8, y: y(top * part) + 4, "text-anchor": "end" }, short(top * part)));
  }
  for (let place = 0; place <= 4; place++) {
    const at = start + ((end - start) * place) / 4;
    const anchor = place === 0 ? "start" : place === 4 ? "end" : "middle";
    parts.push(drawing("text", { class: "axis", x: x(at), y: height - 6, "text-anchor": anchor }, day(at)));
  }
  parts.push(drawing("path", { class: "area", d: `M${x(start)},${y(0)} L${spots(2)} L${x(now)},${y(0)} Z` }));
  parts.push(drawing("path", { class: "line", d: `M${spots(2)}` }));
  parts.push(drawing("path", { class: "limit", d: `M${spots(1)}` }));
  if (end > now) {
    const meets = (full) => (full === null || full <= now ? null : [x(Math.min(end, full)), y(full <= end ? top : used + ((top - used) * (end - now)) / (full - now))]);
    const { full, earliest, latest } = pool.forecast;
    const [early, late] = [meets(earliest), meets(latest) ?? [x(end), y(used)]];
    const corner = earliest !== null && earliest <= end ? ` L${x(end)},${y(top)}` : "";
    if (early) parts.push(drawing("path", { class: "range", d: `M${x(now)},${y(used)} L${early}${corner} L${late} Z` }));
    const most = meets(full) ?? [x(end), y(Math.min(top, used + (pool.forecast.perDay * (end - now)) / 86400))];
    parts.push(drawing("path", { class: "guess", d: `M${x(now)},${y(used)} L${most}` }));
    parts.push(drawing("line", { class: "now", x1: x(now), x2: x(now), y1: y(top), y2: y(0) }));
  }
  const label = `Utilization of ${pool.path} from ${day(start)} to ${day(now)}: ${short(pool.trend[0][2])} of ${short(pool.trend[0][1])} addresses used at first, ${short(used)} of ${short(pool.trend.at(-1)[1])} now. ${outlook(pool)}`;
  const svg = drawing("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...parts);
  const rows = pool.trend.map(([at, provisioned, count]) => [time(at), short(count), short(provisioned), percent(provisioned ? count / provisioned : 0)]);
  const table = element("details", { class: "asTable" }, element("summary", {}, "The same as a table"));
  table.addEventListener("toggle", () => table.children.length === 1 && table.append(plainTable(label, ["Time (UTC)", "Used", "Provisioned", "Used %"], rows)));
  return element("figure", {}, svg, element("figcaption", {}, outlook(pool)), table);
}

// A number for an axis.
function short(count) {
  if (count >= 2 ** 50) return amount(BigInt(count));
  if (count < 10000) return many.format(Math.round(count));
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(count);
}

// The forecast in words.
function outlook(pool) {
  const found = pool.forecast;
  if (!data.history) return "";
  if (!found) return "Nothing changed in this time, so there is no forecast.";
  const pace = short(Math.abs(found.perDay));
  const fit = `A straight line explains ${percent(found.fit)} of the changes.`;
  if (found.perDay <= 0) return `Its usage falls by ${pace} addresses each day. ${fit}`;
  if (found.full === null) return `Its usage grows by ${pace} addresses each day. At this rate, it is not full within a hundred years. ${fit}`;
  const until = found.latest === null ? "and much later" : `and ${day(found.latest)}`;
  const range = found.earliest === null || day(found.earliest) === (found.latest && day(found.latest)) ? "" : ` (between ${day(found.earliest)} ${until})`;
  return `Its usage grows by ${pace} addresses each day. At this rate, it is full on ${day(found.full)}${range}. ${fit}`;
}
