// The address space as a map: a block is a grid of up to 256 cells, read line by line. Blocks are aligned, so each part
// of a block is a rectangle: an allocation, a pool below, or free space. Parts that are too small for a cell share one;
// a zoom shows them.

const CELL_BITS = 8;

class SpaceMap {
  constructor(place, { openPool, openAllocation }) {
    Object.assign(this, { openPool, openAllocation, roots: [], path: [] });
    this.list = element("div", { class: "roots", role: "list", "aria-label": "Top-level blocks" });
    this.crumbs = element("nav", { class: "crumbs", "aria-label": "Place in the address space" });
    this.grid = element("div", { class: "grid", role: "group", on: { keydown: (event) => this.press(event) } });
    this.table = element("details", { class: "asTable" }, element("summary", {}, "The same as a table"));
    this.table.addEventListener("toggle", () => this.tabulate());
    const legend = [["used", "used"], ["held", "planned"], ["below", "pool below"], ["free", "free"]];
    const key = legend.map(([kind, text]) => element("li", {}, element("span", { class: `swatch ${kind}` }), text));
    const view = element("div", { class: "view" }, this.crumbs, this.grid, element("ul", { class: "legend" }, key), this.table);
    place.append(element("div", { class: "space" }, this.list, view));
  }

  // Shows the top-level blocks of these pools.
  fill(tops) {
    this.roots = tops.flatMap((pool) => pool.cidrs.map((cidr) => ({ pool, cidr })));
    const scopes = Map.groupBy(this.roots, ({ pool }) => pool.scope);
    const groups = [...scopes].map(([scope, roots]) =>
      element(
        "div",
        { role: "listitem" },
        element("h3", {}, data.scopes[scope]?.name ?? ""),
        roots.map((root) => this.root(root)),
      ),
    );
    this.list.replaceChildren(...groups);
    const first = this.roots.find(({ cidr }) => cidr === this.path[0]?.text) ?? this.roots[0];
    if (first && !this.roots.some(({ pool, cidr }) => pool === this.path[0]?.pool && cidr === this.path[0]?.text)) {
      this.path = [this.view(first.cidr, first.pool)];
    }
    if (!first) this.path = [];
    this.paint();
  }

  root({ pool, cidr }) {
    const { used, held } = sharesOf(pool, cidr);
    const node = button(
      [element("code", {}, cidr), element("span", { class: "name" }, pool.name), bar(used, held), element("span", { class: "number" }, percent(used))],
      () => this.go([this.view(cidr, pool)]),
      "root",
    );
    node.dataset.root = `${pool.id} ${cidr}`;
    return node;
  }

  view(cidr, pool) {
    return { text: cidr, block: block(cidr), pool };
  }

  go(path) {
    this.path = path;
    this.paint();
    this.grid.querySelector("button")?.focus({ preventScroll: true });
  }

  // Shows a block of a pool, with a path of the pools above it.
  showPool(pool, cidr = pool.cidrs[0]) {
    if (cidr === undefined) return;
    const path = [this.view(cidr, pool)];
    for (let above = pool.parent; above; above = above.parent) {
      const around = above.cidrs.find((one) => contains(block(one), path[0].block));
      if (around && around !== path[0].text) path.unshift(this.view(around, above));
    }
    this.path = path;
    this.paint();
  }

  paint() {
    const here = this.path.at(-1);
    for (const node of this.list.querySelectorAll("button")) {
      const isHere = here && node.dataset.root === `${this.path[0].pool.id} ${this.path[0].text}`;
      node.setAttribute("aria-current", isHere ? "true" : "false");
    }
    this.crumbs.replaceChildren(...this.path.map((step, place) => this.crumb(step, place)));
    this.parts = here ? partsOf(here) : [];
    const columns = here ? 2 ** Math.ceil(Math.min(CELL_BITS, here.block.bits - here.block.length) / 2) : 1;
    this.grid.style.setProperty("--columns", columns);
    this.columns = columns;
    this.grid.setAttribute("aria-label", here ? `${here.text}, ${plural(this.parts.length, "part")}` : "Nothing to show");
    this.grid.replaceChildren(...this.parts.map((part, place) => this.cell(part, place)));
    this.tabulate();
  }

  crumb(step, place) {
    const isLast = place === this.path.length - 1;
    const text = [element("code", {}, step.text), ` ${step.pool.name}`];
    if (isLast) return element("span", { "aria-current": "location" }, text);
    return button(text, () => this.go(this.path.slice(0, place + 1)), "crumb");
  }

  cell(part, place) {
    const node = element(
      "button",
      {
        type: "button", class: `cell ${part.kind}`, tabindex: place === 0 ? "0" : "-1",
        "aria-label": `${part.text}, ${part.words}`, title: `${part.text}\n${part.words}`,
        on: { click: () => this.enter(part) },
      },
      element("span", { class: "what" }, part.name),
      (part.cells > 1 || !part.name) && element("code", {}, part.cells >= this.columns / 2 ? cidrs([part.text]) : `/${part.block.length}`),
    );
    node.style.gridColumn = `${(part.at % this.columns) + 1} / span ${Math.min(part.cells, this.columns)}`;
    node.style.gridRow = `${Math.floor(part.at / this.columns) + 1} / span ${Math.max(1, part.cells / this.columns)}`;
    node.style.setProperty("--part-used", `${part.used * 100}%`);
    node.style.setProperty("--part-taken", `${(part.used + part.held) * 100}%`);
    return node;
  }

  enter(part) {
    const here = this.path.at(-1);
    if (part.allocation) this.openAllocation(part.allocation);
    else if (part.pool) {
      this.openPool(part.pool, part.text);
      this.grid.querySelector("button")?.focus({ preventScroll: true });
    } else if (part.kind === "mixed") this.go([...this.path, this.view(part.text, here.pool)]);
  }

  press(event) {
    const cells = [...this.grid.children];
    const place = cells.indexOf(event.target);
    if (place < 0) return;
    const part = this.parts[place];
    const column = part.at % this.columns;
    const inColumn = (row) => cells[this.parts.findLastIndex((one) => one.at <= row * this.columns + column)];
    const line = Math.floor(part.at / this.columns);
    const keys = {
      ArrowRight: () => cells[place + 1],
      ArrowLeft: () => cells[place - 1],
      ArrowDown: () => inColumn(line + Math.max(1, part.cells / this.columns)),
      ArrowUp: () => (line > 0 ? inColumn(line - 1) : undefined),
      Home: () => cells[0],
      End: () => cells.at(-1),
      Escape: () => (this.path.length > 1 && this.go(this.path.slice(0, -1)), undefined),
    };
    if (!(event.key in keys)) return;
    event.preventDefault();
    const next = keys[event.key]();
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  tabulate() {
    const [summary] = this.table.children;
    if (!this.table.open) return this.table.replaceChildren(summary);
    const rows = this.parts.map((part) => [element("code", {}, part.text), part.name, part.words]);
    this.table.replaceChildren(summary, plainTable("Contents of this block", ["Block", "Name", "State"], rows));
  }
}

// The allocations and the pools below that take space directly in a pool, by address, with running sums of their sizes.
const takers = new Map();

function takersOf(pool, bits) {
  const name = `${pool.place} ${bits}`;
  if (takers.has(name)) return takers.get(name);
  const below = pool.below.flatMap((one) => one.cidrs.map((cidr) => ({ pool: one, text: cidr, block: block(cidr), isHeld: one.planned })));
  const own = (listByPool.get(pool) ?? []).map((one) => ({ allocation: one, text: one.cidr, block: block(one.cidr), isHeld: Boolean(one.more.planned) }));
  const list = [...below, ...own].filter((one) => one.block.bits === bits);
  list.sort((a, b) => (a.block.first < b.block.first ? -1 : a.block.first > b.block.first ? 1 : a.block.length - b.block.length));
  const sizes = { used: [0], held: [0] };
  for (const one of list) {
    const size = 2 ** (bits - one.block.length);
    sizes.used.push(sizes.used.at(-1) + (one.isHeld ? 0 : size));
    sizes.held.push(sizes.held.at(-1) + (one.isHeld ? size : 0));
  }
  takers.set(name, { list, sizes });
  return takers.get(name);
}

// The utilization of one block of a pool. The sums of a pool are those of all its blocks.
function sharesOf(pool, cidr) {
  if (pool.cidrs.length < 2) return sums(pool);
  const whole = block(cidr);
  const { list, sizes } = takersOf(pool, whole.bits);
  const [from, to] = [placeOf(list, whole.first), placeOf(list, whole.last + 1n)];
  const size = 2 ** (whole.bits - whole.length);
  const part = (sums) => Math.min(1, (sums[to] - sums[from]) / size);
  return { used: part(sizes.used), held: part(sizes.held) };
}

// The index of the first item that starts at `address` or after it.
function placeOf(list, address) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].block.first < address) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The parts of a block, in order of address: each as large as possible, none smaller than a cell.
function partsOf({ block: whole, pool }) {
  const { list, sizes } = takersOf(pool, whole.bits);
  const smallest = Math.min(whole.length + CELL_BITS, whole.bits);
  const parts = [];
  const add = (here, part) => {
    const host = BigInt(whole.bits - smallest);
    const at = Number((here.first - whole.first) >> host);
    parts.push({ block: here, text: blockText(here), at, cells: 2 ** (smallest - here.length), used: 0, held: 0, ...part });
  };
  const look = (here) => {
    const from = placeOf(list, here.first);
    const to = placeOf(list, here.last + 1n);
    const before = list[from - 1];
    const around = before && contains(before.block, here) ? before : list[from] && contains(list[from].block, here) ? list[from] : undefined;
    if (around) return add(here, taken(around));
    if (from === to) return add(here, { kind: "free", name: "free", words: `free, ${addresses(here)}` });
    if (here.length >= smallest) {
      const size = 2 ** (here.bits - here.length);
      const used = (sizes.used[to] - sizes.used[from]) / size;
      const held = (sizes.held[to] - sizes.held[from]) / size;
      const words = `${plural(to - from, "object")}, ${percent(used)} used${held > 0 ? `, ${percent(held)} planned` : ""}`;
      return add(here, { kind: "mixed", name: "", words, used, held });
    }
    const middle = here.first + (1n << BigInt(here.bits - here.length - 1));
    look(blockAt(here.bits, here.first, here.length + 1));
    look(blockAt(here.bits, middle, here.length + 1));
  };
  look(whole);
  return parts;
}

// A part that belongs to one object.
function taken({ pool, allocation, text, isHeld }) {
  if (pool) {
    const { used, held } = sharesOf(pool, text);
    return { kind: `below${isHeld ? " planned" : ""}`, name: pool.name, words: `pool ${pool.path}, ${percent(used)} used`, pool, used, held };
  }
  const name = allocation.name || allocation.more.resource || allocation.id;
  const words = `${isHeld ? "planned" : "used"} by ${name} (${allocation.owner})`;
  return { kind: isHeld ? "held" : "used", name, words, allocation };
}
