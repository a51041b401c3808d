// The page: its sections, each of which exists only when there is something to show, and the filters over all of them.

const MARKS = { error: "✕", warning: "!", note: "i" };
const PROBLEMS_SHOWN = 20;
const SEARCH_DELAY = 120;
const wanted = { text: "", scope: "", family: "", state: "", faulty: false, pool: null };
const opened = new Set(pools.filter((pool) => pool.level < 3).map((pool) => pool));
let problemsShown = PROBLEMS_SHOWN;
const sections = {};

// A mark for the worst problem of an object.
function mark(id) {
  const found = faulty.get(id);
  if (!found) return null;
  const { severity } = found[0];
  const words = found.map((problem) => problem.what).join(" ");
  return element("span", { class: `mark ${severity}`, title: words, role: "img", "aria-label": `${severity}: ${words}` }, MARKS[severity]);
}

function reveal(id) {
  byId(id).hidden = false;
  return byId(id);
}

function heading(id, count, total) {
  const title = byId(`${id}-title`);
  const text = count === total ? many.format(total) : `${many.format(count)} of ${many.format(total)}`;
  title.querySelector(".count")?.remove();
  title.append(element("span", { class: "count" }, ` ${text}`));
}

// The objects that pass the filters.
function fitting() {
  const asks = query(wanted.text);
  const inScope = (pool) => wanted.scope === "" || pool?.scope === Number(wanted.scope);
  const inFamily = (family) => wanted.family === "" || wanted.family === family;
  const inState = (planned) => wanted.state === "" || (wanted.state === "planned") === Boolean(planned);
  const isFaulty = (id) => !wanted.faulty || faulty.has(id);
  const isInPool = (pool) => {
    for (let at = pool; at; at = at.parent) if (at === wanted.pool) return true;
    return wanted.pool === null;
  };
  const hits = (one, cidrs) => wanted.text.trim() === "" || asks(one.words, cidrs);
  const isPlain = wanted.text.trim() === "" && wanted.scope === "" && wanted.family === "" && wanted.state === "" && !wanted.faulty;
  const fits = (one) => inScope(one.pool) && inFamily(one.family) && inState(one.more.planned) && isFaulty(one.id) && isInPool(one.pool) && hits(one, [one.cidr]);
  return {
    isPlain,
    pools: pools.filter((pool) => inScope(pool) && inFamily(pool.family) && inState(pool.planned) && isFaulty(pool.id) && hits(pool, pool.cidrs)),
    allocations: isPlain && wanted.pool === null ? allocations : allocations.filter(fits),
    events: events.filter((event) => inFamilyOf(event, wanted.family) && hits({ words: eventWords(event) }, event.cidrs)),
    problems: problems.filter((problem) => problemFits(problem, inScope, inFamily, asks)),
    seen: fittingSeen(asks, inScope, inFamily),
  };
}

const inFamilyOf = (event, family) => family === "" || event.cidrs.length === 0 || event.cidrs.some((cidr) => cidr.includes(":") === (family === "ipv6"));
const eventWords = ({ number, owner, user, action, kind, id, name, cidrs }) => [`#${number}`, owner, user, action, kind, id, name, ...cidrs].join("\n").toLowerCase();

function subjectOf(problem) {
  return poolById.get(problem.place) ?? allocationById().get(problem.place);
}

let allocationsById = null;
function allocationById() {
  allocationsById ??= new Map(allocations.map((one) => [one.id, one]));
  return allocationsById;
}

function problemFits(problem, inScope, inFamily, asks) {
  const about = subjectOf(problem);
  if (about && !(inScope(about.pool ?? about) && inFamily(about.family))) return false;
  const words = [problem.severity, problem.topic, problem.place, problem.name, problem.what].join("\n").toLowerCase();
  return wanted.text.trim() === "" || asks(words, about ? (about.cidrs ?? [about.cidr]) : []);
}

function about() {
  const narrowed = data.narrowed ? ` · only ${data.narrowed}` : "";
  byId("about").replaceChildren(element("code", {}, data.store), `${narrowed} · ${time(data.at)} UTC`);
  byId("made").textContent = `Created by ${data.program}. Trends and events since ${time(data.since)} UTC. This page contains all its data and contacts no server.`;
}

function tile(name, value, words, kind = "") {
  return element("div", { class: `tile ${kind}` }, element("span", { class: "name" }, name), element("strong", {}, value), element("span", { class: "words" }, words));
}

function tiles() {
  const tops = pools.filter((pool) => !pool.parent);
  const space = (family) => {
    const list = tops.filter((pool) => pool.family === family);
    if (list.length === 0) return null;
    const all = list.reduce((sum, pool) => sum + BigInt(pool.provisioned), 0n);
    const leaves = pools.filter((pool) => pool.family === family);
    // The space of pools below is used space of the pool above, so only the rest of it counts as the pool's own use.
    const own = leaves.reduce((sum, pool) => sum + BigInt(pool.used) - pool.below.reduce((part, one) => part + (one.planned ? 0n : BigInt(one.provisioned)), 0n), 0n);
    const assigned = share(own < 0n ? 0n : own, all);
    return tile(family === "ipv4" ? "IPv4 assigned" : "IPv6 assigned", percent(assigned), `of ${amount(all)} addresses in ${plural(list.length, "top-level pool")}`);
  };
  const planned = allocations.filter((one) => one.more.planned).length;
  const worst = ["error", "warning", "note"].map((severity) => [severity, problems.filter((problem) => problem.severity === severity).length]);
  const [severity, count] = worst.find(([, number]) => number > 0) ?? ["fine", 0];
  const rest = worst.filter(([name, number]) => number > 0 && name !== severity).map(([name, number]) => plural(number, name));
  byId("tiles").append(
    ...[
      tile("Problems", count === 0 ? "None" : plural(count, severity), rest.join(", ") || (count === 0 ? "all rules kept, no overlaps" : "see below"), severity),
      space("ipv4"),
      space("ipv6"),
      tile("Pools", many.format(pools.length), `in ${plural(data.scopes.length, "scope")}`),
      resources.length > 0 && tile("Resources seen", many.format(resources.length), data.seen.oldest ? `not before ${time(data.seen.oldest)} UTC` : "in accounts"),
      publicAddresses.length > 0 && tile("Public addresses", many.format(publicAddresses.length), plural(publicAddresses.filter((one) => one.isIdle).length, "idle one")),
      tile("Allocations", many.format(allocations.length), planned > 0 ? `${many.format(planned)} only planned` : "all applied"),
    ].filter(Boolean),
  );
}

function showProblems(found) {
  if (problems.length === 0) return;
  const section = reveal("problems");
  heading("problems", found.length, problems.length);
  section.querySelector(".problems")?.remove();
  const item = (problem) => {
    const about = subjectOf(problem);
    const name = problem.name || problem.place;
    const open = () => (about.cidrs ? openPool(about) : openAllocation(about));
    return element(
      "li",
      { class: `problem ${problem.severity}` },
      element("span", { class: `mark ${problem.severity}`, "aria-hidden": "true" }, MARKS[problem.severity]),
      element("div", {}, about ? button(name, open, "link") : element("code", {}, name), " ", badge(problem.severity, `${problem.severity}, ${problem.topic}`), element("p", {}, problem.what)),
    );
  };
  const more = found.length - problemsShown;
  const next = () => {
    problemsShown += 10 * PROBLEMS_SHOWN;
    showProblems(found);
  };
  const list = element("ul", {}, found.slice(0, problemsShown).map(item));
  section.append(element("div", { class: "problems" }, found.length === 0 ? element("p", {}, "Nothing matches.") : list, more > 0 && button(`${many.format(more)} more`, next)));
}

function poolColumns() {
  const name = (pool) => {
    const toggle = pool.below.length > 0 ? (isOpen(pool) ? "▾" : "▸") : "";
    const fold = element("span", { class: "fold", "aria-hidden": "true", on: { click: (event) => (event.stopPropagation(), flip(pool)) } }, toggle);
    const node = element("span", { class: "indented" }, fold, element("span", { class: "name", title: pool.path }, pool.name), pool.planned && badge("held", "planned"), mark(pool.id));
    node.style.paddingInlineStart = `${(pool.level - 1) * 18}px`;
    return node;
  };
  return [
    { name: "Pool", width: "minmax(110px, 2.6fr)", show: name },
    { name: "CIDRs", width: "minmax(96px, 1.6fr)", kind: "code", show: (pool) => (pool.cidrs.length > 0 ? cidrs(pool.cidrs) : "none") },
    { name: "Locale", width: "minmax(70px, 1fr)", from: 1280, show: (pool) => pool.locale ?? "" },
    { name: "Use", width: "minmax(80px, 1.4fr)", from: 640, show: (pool) => bar(sums(pool).used, sums(pool).held) },
    { name: "Used", width: "64px", number: true, show: (pool) => percent(sums(pool).used) },
    { name: "Held", width: "60px", number: true, from: 960, show: (pool) => (pool.held === "0" ? "" : percent(sums(pool).held)) },
    { name: "Free", width: "minmax(96px, .9fr)", number: true, from: 960, show: (pool) => amount(pool.free) },
    { name: "Largest free", width: "minmax(110px, 1.3fr)", kind: "code", from: 960, show: (pool) => (pool.largest ? cidrs([pool.largest]) : "full") },
    { name: "Trend", width: "100px", from: 1180, show: sparkline },
    { name: "Full on", width: "92px", number: true, from: 640, show: (pool) => (pool.forecast?.full ? day(pool.forecast.full) : "") },
  ];
}

let isNarrowed = false;
const isOpen = (pool) => isNarrowed || opened.has(pool);

function flip(pool, isWanted = !opened.has(pool)) {
  if (isWanted) opened.add(pool);
  else opened.delete(pool);
  show();
}

// The pools that match, each with the pools above it.
function showPools(found, isPlain) {
  if (pools.length === 0) return;
  heading("pools", found.length, pools.length);
  isNarrowed = !isPlain;
  const around = new Set(found);
  for (const pool of found) for (let above = pool.parent; above; above = above.parent) around.add(above);
  const isSeen = (pool) => {
    for (let above = pool.parent; above; above = above.parent) if (!isOpen(above)) return false;
    return around.has(pool);
  };
  sections.pools.fill(pools.filter(isSeen));
}

function pressTree(key, pool) {
  if (key === "ArrowRight" && pool.below.length > 0 && !opened.has(pool)) flip(pool, true);
  else if (key === "ArrowLeft" && opened.has(pool) && pool.below.length > 0) flip(pool, false);
  else if (key === "ArrowLeft" && pool.parent) sections.pools.show(pool.parent);
  else return key === "ArrowRight";
  return true;
}

function allocationColumns() {
  const name = (one) => element("span", { class: "indented" }, element("span", { class: "name", title: one.name }, one.name || one.more.resource || one.id), one.more.planned && badge("held", one.more.resting ? "resting" : "planned", one.more.expires && `until ${time(one.more.expires)} UTC`), one.more.lent && badge("held", "lent", `until ${time(one.more.lent)} UTC`), one.more.growing && badge("held", "growing", `to ${one.more.growing}`), mark(one.id));
  const tags = (one) => Object.entries(one.more.tags ?? {}).map(([key, value]) => `${key}=${value}`).join(", ");
  return [
    { name: "Name", width: "minmax(90px, 1.6fr)", show: name, sort: (one) => one.name },
    { name: "CIDR", width: "minmax(110px, 1.2fr)", kind: "code", show: (one) => cidrs([one.cidr]), sort: (one) => block(one.cidr).first },
    { name: "Pool", width: "minmax(80px, 1.6fr)", show: (one) => one.pool?.path ?? "", sort: (one) => one.pool?.path ?? "" },
    { name: "Owner", width: "minmax(80px, 1.1fr)", from: 640, show: (one) => one.owner, sort: (one) => one.owner },
    { name: "For", width: "minmax(70px, .7fr)", from: 1000, show: (one) => one.purpose, sort: (one) => one.purpose },
    { name: "Description", width: "minmax(80px, 1.5fr)", from: 900, show: (one) => one.more.description ?? "" },
    { name: "Tags", width: "minmax(80px, 1.5fr)", from: 1180, show: tags },
  ];
}

function eventColumns() {
  return [
    { name: "Time (UTC)", width: "140px", show: (event) => time(event.time) },
    { name: "Who", width: "minmax(90px, 1.4fr)", show: actor },
    { name: "What", width: "minmax(100px, 1fr)", show: ({ action, kind }) => `${action} ${kind}` },
    { name: "Name", width: "minmax(90px, 1.5fr)", from: 640, show: (event) => event.name || event.id },
    { name: "CIDRs", width: "minmax(110px, 1.5fr)", kind: "code", from: 640, show: (event) => cidrs(event.cidrs) },
    { name: "Number", width: "72px", number: true, from: 900, show: (event) => `#${event.number}` },
  ];
}

// Allocations for resources, by kind; the section is left out when all allocations were made by hand or by Terraform.
function byKind() {
  const kinds = Map.groupBy(allocations.filter((one) => one.more.for), (one) => one.purpose);
  if (kinds.size === 0) return;
  const rows = [...kinds].map(([kind, list]) => {
    const open = () => {
      byId("search").value = kind;
      search(kind);
      byId("allocations").scrollIntoView();
    };
    return [button(kind, open, "link"), many.format(list.length), many.format(new Set(list.map((one) => one.pool)).size)];
  });
  reveal("resources").append(plainTable("Resources by kind", ["Kind", "Number", "In pools"], rows));
}

// One pool: its attributes, its trend and its forecast.
function showPool(pool) {
  const section = reveal("pool");
  const { used, held, free } = sums(pool);
  const rules = pool.rules;
  const lengths = rules.min_netmask_length === undefined && rules.max_netmask_length === undefined ? null : `/${rules.min_netmask_length ?? 0} to /${rules.max_netmask_length ?? BITS[pool.family]}`;
  const pairs = (tags) => Object.entries(tags ?? {}).map(([key, value]) => `${key}=${value}`).join(", ");
  const of = (count, part) => `${amount(count)} (${percent(part)})`;
  const close = () => openPool(null);
  const title = element("h2", { id: "pool-title" }, pool.name, element("span", { class: "count" }, ` ${pool.path}`));
  section.replaceChildren(
    element("div", { class: "between" }, title, element("div", { class: "buttons" }, button("Show on the map", () => byId("map").scrollIntoView()), button("Close", close))),
    ...(faulty.get(pool.id) ?? []).map((problem) => element("p", { class: `problem ${problem.severity}` }, badge(problem.severity, problem.topic), " ", problem.what)),
    facts([
      ["CIDRs", pool.cidrs.join(" ")], ["Used", of(pool.used, used)], ["Held by plans", pool.held === "0" ? null : of(pool.held, held)],
      ["Free", of(pool.free, free)], ["Largest free", pool.largest ?? "none"], ["Provisioned", amount(pool.provisioned)],
      ["Allocations", many.format(pool.count)], ["Pools below", pool.below.length || null], ["Scope", data.scopes[pool.scope]?.name],
      ["Locale", pool.locale], ["Owner", pool.owner], ["Allowed sizes", lengths],
      ["Default size", rules.default_netmask_length === undefined ? null : `/${rules.default_netmask_length}`],
      ["Required tags", pairs(rules.required_tags)], ["Placement", pool.strategy], ["Tags", pairs(pool.tags)], ["Description", pool.description], ["Id", pool.id],
    ]),
    pool.trend.length > 1 ? chart(pool) : "",
  );
}

function openPool(pool, isFollowed = true, cidr = undefined) {
  wanted.pool = pool;
  if (pool) sections.map.showPool(pool, cidr);
  sections.pools.chosen = pool;
  if (pool) {
    for (let above = pool.parent; above; above = above.parent) opened.add(above);
    showPool(pool);
  } else byId("pool").hidden = true;
  show();
  if (pool) sections.pools.show(pool);
  const address = pool ? `#pool=${encodeURIComponent(pool.id)}` : "#";
  if (location.hash !== address && !(address === "#" && location.hash === "")) history.replaceState(null, "", address);
  if (pool && isFollowed) byId("pool").focus({ preventScroll: true });
}

function openAllocation(one) {
  if (wanted.pool !== one.pool) openPool(one.pool, false);
  sections.allocations.chosen = one;
  sections.allocations.show(one);
  byId("allocations").scrollIntoView({ block: "start" });
  sections.allocations.frame.focus({ preventScroll: true });
}

function show() {
  const found = fitting();
  showProblems(found.problems);
  showPools(found.pools, found.isPlain);
  if (sections.allocations) {
    heading("allocations", found.allocations.length, allocations.length);
    const chip = byId("allocations-title").querySelector(".chip");
    chip?.remove();
    if (wanted.pool) byId("allocations-title").append(element("span", { class: "chip" }, ` in ${wanted.pool.path} `, button("all pools", () => openPool(null))));
    sections.allocations.fill(found.allocations);
  }
  if (sections.events) {
    heading("events", found.events.length, events.length);
    sections.events.fill(found.events);
  }
  showSeen(found.seen, found.isPlain && wanted.pool === null);
  sections.map?.fill(pools.filter((pool) => !pool.parent && (wanted.scope === "" || pool.scope === Number(wanted.scope)) && (wanted.family === "" || pool.family === wanted.family)));
  byId("reset").hidden = found.isPlain && wanted.pool === null;
  const seen = resources.length > 0 ? `, ${plural(found.seen.resources.length, "resource")}` : "";
  byId("found").textContent = found.isPlain ? "" : `${plural(found.allocations.length, "allocation")}, ${plural(found.pools.length, "pool")}${seen}, ${plural(found.events.length, "event")} found`;
}

function search(text) {
  wanted.text = text;
  show();
}

function filters() {
  let waiting;
  byId("search").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => search(event.target.value), SEARCH_DELAY);
  });
  byId("scope").append(element("option", { value: "" }, "All scopes"), ...data.scopes.map((scope, place) => element("option", { value: place }, scope.name)));
  for (const name of ["scope", "family", "state"]) byId(name).addEventListener("change", (event) => ((wanted[name] = event.target.value), show()));
  byId("faulty").addEventListener("change", (event) => ((wanted.faulty = event.target.checked), show()));
  byId("reset").addEventListener("click", () => {
    for (const name of ["search", "scope", "family", "state"]) byId(name).value = "";
    byId("faulty").checked = false;
    Object.assign(wanted, { text: "", scope: "", family: "", state: "", faulty: false });
    openPool(null);
    byId("search").focus();
  });
  addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input, select, textarea");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      byId("search").focus();
    }
  });
}

// Buttons are not printed.
function paper() {
  addEventListener("beforeprint", () => {
    problemsShown = PRINTED;
    showProblems(fitting().problems);
  });
}

function theme() {
  const names = { "": "automatic", light: "light", dark: "dark" };
  byId("theme").addEventListener("click", () => {
    const order = Object.keys(names);
    const next = order[(order.indexOf(document.documentElement.dataset.theme ?? "") + 1) % 3];
    document.documentElement.dataset.theme = next;
    byId("theme").textContent = `Theme: ${names[next]}`;
  });
}

function start() {
  about();
  tiles();
  filters();
  theme();
  paper();
  if (pools.length > 0) {
    sections.map = new SpaceMap(reveal("map"), { openPool: (pool, cidr) => openPool(pool, false, cidr), openAllocation });
    sections.pools = new LongTable(reveal("pools"), {
      label: "Pools", columns: poolColumns(), open: (pool) => openPool(pool), key: pressTree,
      tree: (pool) => ({ level: pool.level, hasBelow: pool.below.length > 0, isOpen: isOpen(pool) }),
    });
  }
  if (allocations.length > 0) {
    const open = (one) => openAllocation(one);
    sections.allocations = new LongTable(reveal("allocations"), { label: "Allocations", columns: allocationColumns(), open });
  }
  if (events.length > 0) sections.events = new LongTable(reveal("events"), { label: "Recent events", columns: eventColumns() });
  byKind();
  startSeen();
  show();
  const arrive = () => {
    const asked = /^#pool=(.+)$/.exec(location.hash);
    const pool = asked && poolById.get(decodeURIComponent(asked[1]));
    if (!pool) return;
    openPool(pool, false);
    byId("pool").scrollIntoView();
  };
  arrive();
  addEventListener("hashchange", arrive);
  document.documentElement.dataset.ready = "";
}

start();
