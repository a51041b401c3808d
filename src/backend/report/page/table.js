// A table of any length. Only the visible rows are in the page; assistive technology gets the number of all rows.

const ROW = 36;
const PRINTED = 1000;

class LongTable {
  // columns: [{name, width, show(row) -> text or node, sort(row) -> value, from: only on pages as wide as that, number}]
  constructor(place, { label, columns, open, key, tree, empty = "Nothing matches." }) {
    Object.assign(this, { label, all: columns, open, key, tree, empty, rows: [], active: -1, order: null, chosen: null });
    this.name = `table-${place.id}`;
    this.head = element("div", { class: "row head", role: "row", "aria-rowindex": "1" });
    this.body = element("div", { class: "rows", role: "rowgroup" });
    this.frame = element(
      "div",
      {
        class: "long", role: tree ? "treegrid" : "grid", tabindex: "0", "aria-label": label, "aria-readonly": "true",
        on: { scroll: () => this.paint(), keydown: (event) => this.press(event), focus: () => this.arrive() },
      },
      element("div", { class: "heading", role: "rowgroup" }, this.head),
      this.body,
    );
    place.append(this.frame);
    this.room = new Map(columns.map(({ from = 0 }) => [from, matchMedia(`(min-width: ${from}px)`)]));
    for (const room of this.room.values()) room.addEventListener("change", () => this.dress());
    new ResizeObserver(() => this.paint()).observe(this.frame);
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
    this.dress();
  }

  dress() {
    this.columns = this.all.filter(({ from = 0 }) => this.room.get(from).matches);
    const widths = this.columns.map((column) => column.width).join(" ");
    this.frame.style.setProperty("--columns", widths);
    this.frame.setAttribute("aria-colcount", this.columns.length);
    this.head.replaceChildren(...this.columns.map((column) => this.title(column)));
    this.paint();
  }

  title(column) {
    const sorted = this.order?.name === column.name ? this.order.way : 0;
    const attributes = { role: "columnheader", class: column.number ? "number" : null };
    if (!column.sort) return element("span", attributes, column.name);
    const direction = ["none", "ascending", "descending"][(sorted + 3) % 3];
    const mark = ["", " ↑", " ↓"][(sorted + 3) % 3];
    const sort = button([column.name, element("span", { "aria-hidden": "true" }, mark)], () => this.sort(column), "sort");
    return element("span", { ...attributes, "aria-sort": direction }, sort);
  }

  sort(column) {
    const way = this.order?.name === column.name ? { 1: -1, [-1]: 0, 0: 1 }[this.order.way] : 1;
    this.order = way === 0 ? null : { name: column.name, way, sort: column.sort };
    this.dress();
    this.fill(this.given);
    [...this.head.querySelectorAll("button")].find((one) => one.textContent.startsWith(column.name))?.focus();
  }

  // Shows these rows.
  fill(rows) {
    this.given = rows;
    this.rows = rows;
    if (this.order) {
      const { way, sort } = this.order;
      const keyed = rows.map((row) => [sort(row), row]);
      keyed.sort(([a], [b]) => (a < b ? -way : a > b ? way : 0));
      this.rows = keyed.map(([, row]) => row);
    }
    this.active = Math.min(this.active, this.rows.length - 1);
    this.frame.setAttribute("aria-rowcount", this.rows.length + 1);
    this.body.style.height = `${Math.max(this.rows.length, 1) * ROW}px`;
    this.paint();
  }

  print(isPrinting) {
    this.isPrinting = isPrinting;
    this.frame.classList.toggle("printing", isPrinting);
    this.paint();
  }

  // The visible rows, and some around them.
  seen() {
    if (this.isPrinting) return [0, Math.min(this.rows.length, PRINTED)];
    const from = Math.max(0, Math.floor(this.frame.scrollTop / ROW) - 8);
    return [from, Math.min(this.rows.length, from + Math.ceil(this.frame.clientHeight / ROW) + 16)];
  }

  paint() {
    const [from, to] = this.seen();
    const rows = [];
    for (let place = from; place < to; place++) rows.push(this.row(this.rows[place], place));
    if (this.rows.length === 0) rows.push(element("div", { class: "row none", role: "row" }, element("span", { role: "gridcell" }, this.empty)));
    if (this.isPrinting && to < this.rows.length) {
      rows.push(element("div", { class: "row none" }, `and ${many.format(this.rows.length - to)} more: the page itself and report --csv have all of them`));
    }
    this.body.replaceChildren(...rows);
    const isSeen = this.active >= from && this.active < to;
    if (isSeen) this.frame.setAttribute("aria-activedescendant", `${this.name}-${this.active}`);
    else this.frame.removeAttribute("aria-activedescendant");
  }

  row(row, place) {
    const tree = this.tree?.(row);
    const node = element(
      "div",
      {
        class: `row${place === this.active ? " active" : ""}${row === this.chosen ? " chosen" : ""}`,
        role: "row", id: `${this.name}-${place}`, "aria-rowindex": place + 2,
        "aria-selected": row === this.chosen ? "true" : null,
        "aria-level": tree?.level, "aria-expanded": tree?.hasBelow ? String(tree.isOpen) : null,
        on: { click: () => this.choose(place) },
      },
      this.columns.map((column) => {
        const shown = column.show(row);
        const title = typeof shown === "string" && shown.length > 12 ? shown : null;
        return element("span", { role: "gridcell", class: [column.number && "number", column.kind].filter(Boolean).join(" "), title }, shown);
      }),
    );
    if (!this.isPrinting) node.style.top = `${place * ROW}px`;
    return node;
  }

  // The focus comes by a key, or by a click that is meant for the row under it. So the rows in the page stay, and
  // nothing scrolls.
  arrive() {
    if (this.active >= 0 || this.rows.length === 0) return;
    this.active = Math.min(Math.ceil(this.frame.scrollTop / ROW), this.rows.length - 1);
    const name = `${this.name}-${this.active}`;
    for (const node of this.body.children) node.classList.toggle("active", node.id === name);
    this.frame.setAttribute("aria-activedescendant", name);
  }

  choose(place) {
    this.active = place;
    this.paint();
    this.open?.(this.rows[place]);
  }

  move(place) {
    this.active = Math.max(0, Math.min(place, this.rows.length - 1));
    const top = this.active * ROW;
    const room = this.frame.clientHeight - 2 * ROW;
    if (top < this.frame.scrollTop) this.frame.scrollTop = top;
    if (top > this.frame.scrollTop + room) this.frame.scrollTop = top - room;
    this.paint();
  }

  press(event) {
    if (event.target !== this.frame) return;
    const page = Math.max(1, Math.floor(this.frame.clientHeight / ROW) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const row = this.rows[this.active];
    if (event.key in steps) this.move(this.active + steps[event.key]);
    else if (event.key === "Enter" && row) this.open?.(row);
    else if (this.key && row && this.key(event.key, row)) {} // this.key has handled it
    else return;
    event.preventDefault();
  }

  show(row) {
    const place = this.rows.indexOf(row);
    if (place >= 0) this.move(place);
  }
}
