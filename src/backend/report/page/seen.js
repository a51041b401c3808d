// The results of discoveries: resources as a tree, and public addresses.

class Resource {
  constructor([level, kind, id, name, cidr, region, account, scope, pool, [management, compliance, overlap], reasons, others, usage]) {
    Object.assign(this, { level, kind, id, name, cidr, region, account, scope, management, compliance, overlap, reasons, others, usage });
    Object.assign(this, { pool: pools[pool], below: [], isOpen: false });
  }

  get family() {
    return this.cidr.includes(":") ? "ipv6" : "ipv4";
  }

  get isWrong() {
    return this.compliance === "noncompliant" || this.overlap === "overlapping";
  }

  get why() {
    return [...this.others.map((other) => `Overlaps ${other}.`), ...this.reasons].join(" ");
  }

  get words() {
    const all = [this.id, this.name, this.cidr, this.kind, this.region, this.account, this.management, this.compliance, this.overlap, this.pool?.path];
    return all.join("\n").toLowerCase();
  }
}

// With more VPCs than this, the table is folded at first.
const UNFOLDED = 50;

const resources = (data.seen?.resources ?? []).map((fields) => new Resource(fields));
const ways = [];
for (const one of resources) {
  one.parent = ways[one.level - 2];
  one.parent?.below.push(one);
  ways[one.level - 1] = one;
}
for (const one of resources.filter((one) => one.isWrong).slice(0, UNFOLDED)) {
  for (let above = one.parent; above; above = above.parent) above.isOpen = true;
}
const publicAddresses = (data.seen?.addresses ?? []).map(([address, kind, association, isIdle, service, on, region, account]) => {
  const words = [address, kind, association, isIdle ? "idle" : "", service, on, region, account].join("\n").toLowerCase();
  return { address, kind, association, isIdle, service, on, region, account, words };
});

function flipResource(one, isWanted = !one.isOpen) {
  one.isOpen = isWanted;
  show();
}

function pressResource(key, one) {
  if (key === "ArrowRight" && one.below.length > 0 && !one.isOpen) flipResource(one, true);
  else if (key === "ArrowLeft" && one.isOpen && one.below.length > 0) flipResource(one, false);
  else if (key === "ArrowLeft" && one.parent) sections.seen.show(one.parent);
  else return key === "ArrowRight";
  return true;
}

function resourceColumns() {
  const name = (one) => {
    const toggle = one.below.length > 0 ? (one.isOpen || isNarrowed ? "▾" : "▸") : "";
    const fold = element("span", { class: "fold", "aria-hidden": "true", on: { click: (event) => (event.stopPropagation(), flipResource(one)) } }, toggle);
    const sign = one.isWrong && element("span", { class: "mark error", title: one.why, role: "img", "aria-label": `error: ${one.why}` }, "✕");
    const node = element("span", { class: "indented" }, fold, element("span", { class: "name", title: one.id }, one.name ?? one.id), sign);
    node.style.paddingInlineStart = `${(one.level - 1) * 18}px`;
    return node;
  };
  const state = (one) => {
    const wrong = [one.overlap === "overlapping" && "overlapping", one.compliance === "noncompliant" && "noncompliant"].filter(Boolean);
    const plain = one.management ?? "";
    return element("span", { class: "indented" }, wrong.length > 0 ? wrong.map((word) => badge("error", word)) : badge("", plain));
  };
  return [
    { name: "Resource", width: "minmax(120px, 2fr)", show: name },
    { name: "CIDR", width: "minmax(110px, 1.2fr)", kind: "code", show: (one) => cidrs([one.cidr]) },
    { name: "Type", width: "80px", from: 640, show: (one) => one.kind },
    { name: "State", width: "minmax(110px, 1.2fr)", show: state },
    { name: "Account", width: "minmax(118px, .9fr)", from: 960, show: (one) => one.account ?? "" },
    { name: "Region", width: "minmax(90px, .8fr)", from: 640, show: (one) => one.region },
    { name: "Pool", width: "minmax(80px, 1.2fr)", from: 1180, show: (one) => one.pool?.path ?? "" },
    { name: "Used", width: "64px", number: true, from: 960, show: (one) => (one.usage === null ? "" : percent(one.usage)) },
    { name: "Why", width: "minmax(120px, 2fr)", from: 1280, show: (one) => one.why },
  ];
}

function addressColumns() {
  const state = (one) => (one.isIdle ? badge("note", "idle") : (one.association ?? ""));
  return [
    { name: "Address", width: "minmax(110px, 1fr)", kind: "code", show: (one) => one.address, sort: (one) => block(one.address).first },
    { name: "Kind", width: "minmax(120px, 1.2fr)", show: (one) => one.kind, sort: (one) => one.kind },
    { name: "State", width: "minmax(96px, .8fr)", show: state, sort: (one) => `${!one.isIdle}${one.association}` },
    { name: "Service", width: "minmax(90px, 1fr)", from: 960, show: (one) => one.service ?? "", sort: (one) => one.service ?? "" },
    { name: "On", width: "minmax(110px, 1.6fr)", from: 640, show: (one) => one.on ?? "" },
    { name: "Account", width: "minmax(118px, .9fr)", from: 960, show: (one) => one.account ?? "", sort: (one) => one.account ?? "" },
    { name: "Region", width: "minmax(90px, .8fr)", from: 640, show: (one) => one.region, sort: (one) => one.region },
  ];
}

function startSeen() {
  if (resources.length > 0) {
    sections.seen = new LongTable(reveal("seen"), {
      label: "Discovered resources", columns: resourceColumns(), open: (one) => one.below.length > 0 && flipResource(one), key: pressResource,
      tree: (one) => ({ level: one.level, hasBelow: one.below.length > 0, isOpen: one.isOpen || isNarrowed }),
    });
  }
  if (publicAddresses.length > 0) {
    const kinds = Map.groupBy(publicAddresses, (one) => one.kind);
    const rows = [...kinds].sort().map(([kind, list]) => [kind, many.format(list.length), many.format(list.filter((one) => one.isIdle).length)]);
    reveal("addresses").append(plainTable("Public addresses by kind", ["Kind", "Number", "Idle"], rows));
    sections.addresses = new LongTable(byId("addresses"), { label: "Public addresses", columns: addressColumns() });
  }
}

// The resources that match, each with the resources around it, and the addresses that match.
function fittingSeen(asks, inScope, inFamily) {
  const isAsked = wanted.text.trim() !== "";
  const inPool = (one) => {
    for (let at = one.pool; at; at = at.parent) if (at === wanted.pool) return true;
    return wanted.pool === null;
  };
  const fits = (one) => inScope(one) && inFamily(one.family) && inPool(one) && (!wanted.faulty || one.isWrong) && (!isAsked || asks(one.words, [one.cidr]));
  const fitsAddress = (one) => inFamily(one.address.includes(":") ? "ipv6" : "ipv4") && (!wanted.faulty || one.isIdle) && (!isAsked || asks(one.words, [one.address]));
  return { resources: resources.filter(fits), addresses: publicAddresses.filter(fitsAddress) };
}

function showSeen({ resources: found, addresses }, isPlain) {
  if (sections.seen) {
    heading("seen", found.length, resources.length);
    const around = new Set(found);
    for (const one of found) for (let above = one.parent; above; above = above.parent) around.add(above);
    const isSeen = (one) => {
      if (!isPlain) return around.has(one);
      for (let above = one.parent; above; above = above.parent) if (!above.isOpen) return false;
      return around.has(one);
    };
    sections.seen.fill(resources.filter(isSeen));
  }
  if (sections.addresses) {
    heading("addresses", addresses.length, publicAddresses.length);
    sections.addresses.fill(addresses);
  }
}
