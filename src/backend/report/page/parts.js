// Small parts of the page. All data is inserted as text, never as mark-up.

// An element. `properties`: `class`, `on` (listeners), `data`, properties of the element, else attributes.
function element(tag, properties = {}, ...children) {
  return dress(document.createElement(tag), properties, children);
}

function drawing(tag, properties = {}, ...children) {
  return dress(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function dress(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

const byId = (id) => document.getElementById(id);
const many = new Intl.NumberFormat("en");

// A count of addresses: exact while it is short enough to read, a power of two beyond.
function amount(text) {
  const count = BigInt(text);
  if (count < 1n << 50n) return many.format(count);
  const power = count.toString(2).length - 1;
  const digits = [...String(power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
  return count === 1n << BigInt(power) ? `2${digits}` : `over 2${digits}`;
}

function addresses({ bits, length }) {
  return length === bits ? "1 address" : `${amount(1n << BigInt(bits - length))} addresses`;
}

// A part of a whole, from 0 to 1.
function share(part, whole) {
  const [a, b] = [BigInt(part), BigInt(whole)];
  // A part that is not zero is never shown as zero, and a part that is not all is never shown as all.
  if (b === 0n) return 0;
  const millionths = Number((a * 1000000n) / b) / 1000000;
  return a > 0n && millionths === 0 ? 1e-6 : millionths;
}

// A rounded percentage. Only zero is 0.0% and only all of it is 100.0%.
function percent(fraction) {
  const tenths = Math.round(fraction * 1000);
  if (fraction > 0 && tenths === 0) return "<0.1%";
  if (fraction < 1 && tenths === 1000) return ">99.9%";
  return `${(tenths / 10).toFixed(1)}%`;
}

// A block in a narrow column: the beginning of the address is cut off, never the netmask length.
function cidrs(list) {
  const one = (text, place) => [place > 0 && " ", element("span", { class: "cidr" }, element("bdi", { dir: "ltr" }, text))];
  return element("span", { class: "cidrs", title: list.join(" ") }, list.flatMap(one));
}

const time = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
const day = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 10);
const plural = (count, word) => `${many.format(count)} ${word}${count === 1 ? "" : "s"}`;

function sums(pool) {
  const used = share(pool.used, pool.provisioned);
  return { used, held: share(pool.held, pool.provisioned), free: share(pool.free, pool.provisioned) };
}

// A bar of the utilization. The numbers are next to it, so it is hidden from assistive technology.
function bar(used, held) {
  const part = (kind, from, width) => {
    const node = element("span", { class: kind });
    node.style.left = `${from * 100}%`;
    node.style.width = width > 0 ? `max(2px, ${width * 100}%)` : "0";
    return node;
  };
  return element("span", { class: "bar", "aria-hidden": "true" }, part("used", 0, used), part("held", used, held));
}

function badge(kind, text, more) {
  return element("span", { class: `badge ${kind}`, title: more && `${text} ${more}` }, text, more && element("span", { class: "unseen" }, ` ${more}`));
}

function button(text, act, kind = "quiet") {
  return element("button", { type: "button", class: kind, on: { click: act } }, text);
}

function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return element("dl", { class: "facts" }, shown.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

// A plain table with the data of a drawing.
function plainTable(caption, header, rows) {
  return element(
    "table",
    { class: "plain" },
    element("caption", { class: "unseen" }, caption),
    element("thead", {}, element("tr", {}, header.map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, rows.map((row) => element("tr", {}, row.map((cell) => element("td", {}, cell))))),
  );
}

// The owner of an event, with a link to the run when the run has a web address.
function actor(event) {
  const who = event.user ? `${event.owner} (${event.user})` : event.owner;
  const isLink = /^https?:\/\//.test(event.run ?? "");
  return isLink ? element("a", { href: event.run, rel: "noreferrer noopener", target: "_blank" }, who) : who;
}
