// Reads the data of the page, parses blocks of addresses, and matches a search.

const data = JSON.parse(document.getElementById("data").textContent);
const BITS = { ipv4: 32, ipv6: 128 };

// An address as a number: {bits, value}, or null.
function parseAddress(text) {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split(".").map(Number);
    if (parts.some((part) => part > 255)) return null;
    return { bits: 32, value: BigInt(((parts[0] * 256 + parts[1]) * 256 + parts[2]) * 256 + parts[3]) };
  }
  if (!/^[0-9a-f:]*:[0-9a-f:.]*$/i.test(text)) return null;
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - groups.flat().length;
  if (groups.flat().some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return null;
  if (halves.length === 2 ? missing < 0 : missing !== 0) return null;
  const all = halves.length === 2 ? [...groups[0], ...Array(missing).fill("0"), ...groups[1]] : groups[0];
  return { bits: 128, value: all.reduce((sum, group) => (sum << 16n) | BigInt(parseInt(group, 16)), 0n) };
}

// A block, or an address as the block of that address only: {bits, length, first, last}, or null. Host bits are
// ignored.
function parseBlock(text) {
  const [place, length, more] = text.split("/");
  const address = parseAddress(place);
  if (!address || more !== undefined) return null;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return null;
  const netmask = length === undefined ? address.bits : Number(length);
  return netmask > address.bits ? null : blockAt(address.bits, address.value, netmask);
}

function blockAt(bits, value, length) {
  const host = BigInt(bits - length);
  const first = (value >> host) << host;
  return { bits, length, first, last: first + (1n << host) - 1n };
}

const blocks = new Map();

// The same for text of the data, with a cache.
function block(text) {
  let found = blocks.get(text);
  if (!found) blocks.set(text, (found = parseBlock(text)));
  return found;
}

const contains = (outer, inner) => outer.bits === inner.bits && outer.first <= inner.first && inner.last <= outer.last;
const overlaps = (a, b) => a.bits === b.bits && a.first <= b.last && b.first <= a.last;

function blockText({ bits, first, length }) {
  return `${addressText(bits, first)}/${length}`;
}

function addressText(bits, value) {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  const groups = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(((value >> shift) & 0xffffn).toString(16));
  // The longest run of zeros, of at least two, becomes "::".
  let best = [0, 0];
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === "0") end++;
    if (end - start > best[1] - best[0]) best = [start, end];
  }
  if (best[1] - best[0] < 2) return groups.join(":");
  return `${groups.slice(0, best[0]).join(":")}::${groups.slice(best[1]).join(":")}`;
}

// One allocation, from its list.
class Allocation {
  constructor([id, name, cidr, pool, owner, more]) {
    Object.assign(this, { id, name, cidr, owner: data.owners[owner], more });
    this.pool = pools[pool];
  }

  get family() {
    return this.cidr.includes(":") ? "ipv6" : "ipv4";
  }

  get purpose() {
    return this.more.for ?? "custom";
  }

  get words() {
    const { more, pool } = this;
    const tags = Object.entries(more.tags ?? {}).map(([key, value]) => `${key}=${value}`);
    const all = [this.name, this.cidr, pool?.path, this.owner, this.id, this.purpose, more.resource, more.description];
    return [...all, ...tags].join("\n").toLowerCase();
  }
}

const pools = data.pools.map((pool, place) => ({ ...pool, place, below: [], problems: 0 }));
for (const pool of pools) {
  pool.parent = pool.source === null ? undefined : pools[pool.source];
  pool.parent?.below.push(pool);
  pool.level = pool.parent ? pool.parent.level + 1 : 1;
  const tags = Object.entries(pool.tags).map(([key, value]) => `${key}=${value}`);
  const all = [pool.path, ...pool.cidrs, pool.locale, pool.owner, pool.description, pool.id, ...tags];
  pool.words = all.join("\n").toLowerCase();
}
const allocations = data.allocations.map((fields) => new Allocation(fields));
const problems = data.problems.map(([severity, topic, place, name, what]) => ({ severity, topic, place, name, what }));
const events = data.events.map(([number, time, owner, user, run, action, kind, id, name, cidrs]) => {
  return { number, time, owner, user, run, action, kind, id, name, cidrs };
});
const poolById = new Map(pools.map((pool) => [pool.id, pool]));
const faulty = new Map();
for (const problem of problems) {
  if (!faulty.has(problem.place)) faulty.set(problem.place, []);
  faulty.get(problem.place).push(problem);
}
const listByPool = new Map();
for (const allocation of allocations) {
  if (!listByPool.has(allocation.pool)) listByPool.set(allocation.pool, []);
  listByPool.get(allocation.pool).push(allocation);
}

// The search text: words that must all occur, or a block that shares addresses with the result.
function query(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const terms = words.map((word) => ({ word, block: parseBlock(word) }));
  return (haystack, cidrs) =>
    terms.every(
      ({ word, block: asked }) =>
        haystack.includes(word) ||
        (asked !== null && cidrs.some((cidr) => overlaps(asked, block(cidr)))),
    );
}
