// The rows of each list of the page.

import { make, mono, patch, plural, since, state } from "./elements.js";

const standings = {
  well: ["good", "announced"], partial: ["warn", "partly"], pending: ["bad", "pending"], unannounced: ["bad", "not announced"],
  unheard: ["bad", "not heard"], contested: ["bad", "contested"], foreign: ["none", "not ours"],
};

/** The shape, colour and word of a Service's standing. */
export function standing(service) {
  const [kind, text] = standings[service.standing] ?? ["none", service.standing];
  return state(kind, text);
}

/** A cell that knows the title of its column, for screens that have no room for columns. */
function cell(title, attributes, ...children) {
  return make("td", { "data-title": title, ...attributes }, ...children);
}

/** A link to the road of a Service. */
export function serviceLink(key, text = key, focus = null) {
  return make("a", { href: `#service=${encodeURIComponent(key)}`, "data-service": key, "data-focus": focus }, text);
}

function announcer(announcer) {
  const via = announcer.via === "layer2" ? "layer 2" : "BGP";
  const unheard = announcer.unheardBy.length > 0
    ? make("span", { class: "bad" }, ` no session with ${announcer.unheardBy.join(", ")}`) : null;
  return make("span", { class: "announcer" }, mono(announcer.node), " ", make("span", { class: "tag" }, via),
    announcer.peers.length > 0 ? make("span", { class: "quiet" }, ` to ${announcer.peers.join(", ")}`) : null, unheard,
    make("span", { class: "quiet" }, " ", since(announcer.since) ?? ""));
}

function service(row) {
  const whole = row.standing === "well" || row.standing === "foreign";
  return make("tr", { "data-key": row.key },
    cell("State", {}, standing(row)),
    make("th", { scope: "row", "data-title": "Service" },
      serviceLink(row.key, [make("span", { class: "quiet" }, `${row.namespace}/`), make("wbr"), row.name], row.key)),
    cell("Addresses", {}, row.addresses.length > 0
      ? row.addresses.map((address) => make("span", { class: "mono line" }, address)) : make("span", { class: "quiet" }, "none")),
    cell("Pool", {}, row.pool ?? make("span", { class: "quiet" }, "–")),
    cell("Announced by", {},
      row.announcers.map((one) => make("span", { class: "line" }, announcer(one))),
      row.more > 0 ? make("span", { class: "quiet line" }, `and ${row.more} more`) : null,
      whole ? (row.announcers.length === 0 ? make("span", { class: "quiet" }, row.sentence) : null)
        : make("span", { class: "line reason" }, row.sentence)));
}

/** A bar that says how full something is; the number stands beside it. */
export function bar(family) {
  const percent = family.share * 100;
  const text = `${family.assigned} of ${family.capacity}`;
  const inside = make("span", {});
  // Whatever is there shows, and whatever is left.
  inside.style.width = percent === 0 ? "0" : `clamp(3px, ${percent}%, ${percent === 100 ? "100%" : "calc(100% - 3px)"})`;
  return make("span", { class: "fill", "data-state": family.state },
    make("span", { class: "family" }, family.family),
    make("span", { class: "meter", role: "meter", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(percent),
      "aria-valuetext": `${text} in use`, "aria-label": `${family.family} addresses in use` }, inside),
    make("span", { class: "number" }, text));
}

const poolStates = { roomy: ["good", "roomy"], tight: ["warn", "nearly full"], full: ["bad", "full"], unknown: ["none", "unknown"] };

/** The shape, colour and word of how full a pool is. */
export function poolState(pool) {
  return state(...(poolStates[pool.state] ?? ["none", pool.state]));
}

function pool(row) {
  return make("tr", {},
    cell("State", {}, poolState(row)),
    make("th", { scope: "row", "data-title": "Pool" }, row.name,
      row.automatic ? null : make("span", { class: "tag" }, "only on request")),
    cell("Addresses", {}, row.addresses.map((address) => make("span", { class: "mono line" }, address)),
      row.more > 0 ? make("span", { class: "quiet line" }, `and ${row.more} more`) : null),
    cell("Fill", {}, row.families.length > 0 ? row.families.map(bar) : make("span", { class: "quiet" }, "nobody says")),
    cell("Services", { class: "number" }, row.services === undefined ? "–" : String(row.services)));
}

const speakerStates = {
  works: ["good", "works"], waits: ["warn", "waits"], silent: ["warn", "cannot be asked"], down: ["bad", "down"], none: ["none", "none"],
};

function node(row) {
  const announcements = (row.announcements ?? []).map((one) => make("span", { class: "line" },
    serviceLink(one.service), " ", mono(one.addresses.join(", ")),
    one.interfaces ? make("span", { class: "quiet" }, ` on ${one.interfaces.join(", ")}`) : null));
  const more = (row.announced ?? 0) - announcements.length;
  const takeover = row.takeover
    ? make("span", { class: "quiet line" }, `took over from ${row.takeover.from.join(", ")}`,
        row.takeover.milliseconds === undefined ? "" : ` in ${row.takeover.milliseconds} ms`, ", ", since(row.takeover.at, " ago"))
    : null;
  const told = row.announced !== undefined;
  return make("tr", {},
    cell("Speaker", {}, state(...(speakerStates[row.state] ?? ["none", row.state])),
      row.reason ? make("span", { class: "line reason" }, row.reason) : null),
    make("th", { scope: "row", "data-title": "Node" }, row.name,
      make("span", { class: "quiet mono line" }, row.addresses.join(", ")),
      row.marks.map((mark) => make("span", { class: "tag warn" }, mark))),
    cell("Candidate", {}, row.candidate === undefined ? "–" : row.candidate ? "yes" : "no"),
    cell("Announces on the local network", {}, announcements, more > 0 ? make("span", { class: "quiet line" }, `and ${more} more`) : null,
      told && row.announced === 0 ? make("span", { class: "quiet" }, "nothing") : null,
      told && row.successions > 0 ? make("span", { class: "quiet line" }, `next in line for ${plural(row.successions, "Service")}`) : null,
      takeover, told ? null : "–"),
    cell("BGP", {}, !told || row.sessions === 0 ? "–" : [
      state(row.established === row.sessions ? "good" : "bad", `${row.established} of ${row.sessions} up`),
      make("span", { class: "quiet line" }, plural(row.routed, "Service"))]),
    cell("Members", { class: "number" }, row.members === undefined ? "–" : String(row.members)));
}

function session(row) {
  return make("tr", {},
    cell("State", {}, state(row.established ? "good" : "bad", row.state),
      row.established || !row.reason ? null : make("span", { class: "line reason" }, row.reason)),
    make("th", { scope: "row", "data-title": "Node" }, row.node),
    cell("Router", {}, row.peer, make("span", { class: "quiet mono line" }, row.address, row.vrf ? ` (${row.vrf})` : "")),
    cell("AS", {}, mono(`${row.localASN} to ${row.peerASN}`)),
    cell("Prefixes", { class: "number" }, `${row.sent} of ${row.desired}`),
    cell("BFD", {}, row.bfd ? state(row.bfd.up ? "good" : "bad",
      row.bfd.state + (row.bfd.milliseconds === undefined ? "" : `, ${row.bfd.milliseconds} ms`)) : "–"),
    cell("For", {}, since(row.since) ?? "–", row.flaps > 0 ? make("span", { class: "quiet line" }, plural(row.flaps, "flap")) : null));
}

/** An Event of MetalLB. */
export function event(row) {
  return make("tr", {},
    cell("When", {}, since(row.at, " ago")),
    make("th", { scope: "row", "data-title": "Reason" }, state(row.warning ? "warn" : "plain", row.reason)),
    cell("Object", {}, row.service ? serviceLink(row.service, row.object) : row.object),
    cell("Message", {}, row.message, row.count > 1 ? make("span", { class: "quiet" }, ` (${row.count} times)`) : null));
}

function problem(row) {
  return make("li", {}, state("bad", ""),
    make("span", {}, row.text, row.remedy ? make("span", { class: "remedy" }, row.remedy) : null,
      row.service ? [" ", serviceLink(row.service, "Show its road")] : null));
}

function warning(row) {
  return make("li", {}, state("warn", ""),
    make("span", {}, row.object, row.field ? [" ", mono(row.field)] : null, `: ${row.text}`, make("span", { class: "remedy" }, row.remedy)));
}

const builders = {
  services: [service, (row) => row.key, "Service", "There is no Service of type LoadBalancer yet."],
  pools: [pool, (row) => row.name, "pool", "There is no pool yet: create an IPAddressPool."],
  nodes: [node, (row) => row.name, "node", "There is no node."],
  sessions: [session, (row) => `${row.node} ${row.peer}`, "session", "There is no router: create a BGPPeer to announce by BGP."],
  events: [event, (row) => `${row.object} ${row.reason} ${row.message} ${row.component}`, "Event", "MetalLB has written no Event lately."],
  problems: [problem, (row) => row.text, "problem", ""],
  warnings: [warning, (row) => `${row.object} ${row.field} ${row.text}`, "warning", ""],
};

/** Shows one list, with how much of it there is. */
export function showList(name, list) {
  const [build, keyOf, word, none] = builders[name];
  const section = document.getElementById(name);
  patch(section.querySelector("[data-list]"), list.rows, keyOf, build);
  const isSearched = list.matching !== list.total;
  section.querySelector(".count").textContent = list.total === 0 ? "" : isSearched ? `${list.matching} of ${list.total}` : String(list.total);
  const empty = section.querySelector(".empty");
  if (empty) {
    empty.hidden = list.rows.length > 0;
    empty.textContent = list.total === 0 ? none : `No ${word} matches.`;
    section.querySelector("table").hidden = list.rows.length === 0;
  }
  pager(section.querySelector(".pager"), name, list, word);
}

function pager(footer, name, list, word) {
  footer.hidden = list.pages <= 1;
  if (footer.hidden) return;
  const text = `${list.first}–${list.last} of ${list.matching}`;
  if (!footer.querySelector("button")) {
    footer.replaceChildren(
      make("button", { type: "button", class: "plain", "data-turn": -1, "aria-label": `Earlier ${word}s` }, "‹ Earlier"),
      make("span", { class: "number", role: "status" }),
      make("button", { type: "button", class: "plain", "data-turn": 1, "aria-label": `Later ${word}s` }, "Later ›"));
  }
  const [back, position, onward] = footer.children;
  if (position.textContent !== text) position.textContent = text;
  back.disabled = list.page <= 1;
  onward.disabled = list.page >= list.pages;
  footer.dataset.page = list.page;
}

/** Words of what is going on, for the tiles at the top. */
export function tiles(summary) {
  const tile = (section, number, word, detail, kind) => ({ section, number, word, detail, kind });
  return [
    tile("services", summary.services, summary.services === 1 ? "Service" : "Services",
      summary.troubled > 0 ? `${summary.troubled} with problems` : "all announced", summary.troubled > 0 ? "bad" : "good"),
    tile("pools", summary.pools, summary.pools === 1 ? "pool" : "pools",
      summary.full > 0 ? `${summary.full} full` : "none is full", summary.full > 0 ? "bad" : "good"),
    tile("nodes", summary.nodes, summary.nodes === 1 ? "node" : "nodes",
      summary.speakers === summary.nodes ? "all speakers work" : `${summary.speakers} with a speaker that works`,
      summary.speakers === summary.nodes ? "good" : "warn"),
    tile("sessions", summary.sessions, summary.sessions === 1 ? "BGP session" : "BGP sessions",
      summary.sessions === 0 ? "no routers" : summary.established === summary.sessions ? "all up" : `${summary.sessions - summary.established} down`,
      summary.sessions === 0 ? "none" : summary.established === summary.sessions ? "good" : "bad"),
  ];
}

export function showTiles(summary) {
  patch(document.getElementById("tiles"), tiles(summary), (tile) => tile.section, (tile) =>
    make("li", {}, make("a", { href: `#${tile.section}`, "data-jump": tile.section, "data-focus": tile.section, class: "tile" },
      make("strong", {}, String(tile.number)), make("span", {}, tile.word), state(tile.kind, tile.detail))));
}
