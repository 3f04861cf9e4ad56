// The road of one Service: as a picture, in words, and why it is so.

import { draw, joined, make, mono, plural, since, state } from "./elements.js";
import { bar, event, poolState, standing } from "./lists.js";

const boxHeight = 44;
const gap = 12;
const stageGap = 46;
const labelHeight = 18;

/** The stages that traffic takes, from the pool that the address is from to the endpoints where it ends. */
function stages(road) {
  const { service } = road;
  const layer2 = road.announcers.filter((one) => one.via === "layer2");
  const bgp = road.announcers.filter((one) => one.via === "bgp");
  const list = [];
  list.push({
    title: "From the pool",
    boxes: [service.pool
      ? { key: "pool", title: service.pool, text: fillText(road.pool), kind: road.pool?.state === "full" ? "warn" : "good" }
      : { key: "pool", title: service.addresses.length > 0 ? "unknown pool" : "no pool", text: service.addresses.length > 0 ? "the Service does not say" : "gave an address", kind: service.addresses.length > 0 ? "none" : "bad" }],
  });
  list.push({
    title: "it has the address",
    boxes: service.addresses.length > 0
      ? service.addresses.map((address) => ({ key: address, title: address, text: road.ports.map((port) => `${port.port}/${port.protocol}`).join(" "), kind: "good" }))
      : [{ key: "pending", title: "pending", text: "no address", kind: "bad" }],
  });
  const ways = [];
  if (layer2.length > 0) ways.push({ key: "layer2", title: "local network", text: "ARP and NDP", kind: layer2.length > 1 ? "bad" : "good" });
  for (const router of road.routers) {
    ways.push({ key: `router ${router.name}`, title: router.name, text: `${router.hearing} of ${router.nodes} up`,
      kind: router.hearing === 0 ? "bad" : router.hearing < router.nodes ? "warn" : "good" });
  }
  list.push({ title: "which is told to", boxes: ways.length > 0 ? ways : [{ key: "nobody", title: "nobody", text: "no announcement", kind: "bad" }] });
  const nodes = new Map();
  for (const one of [...layer2, ...bgp]) {
    const box = nodes.get(one.node) ?? { key: `node ${one.node}`, title: one.node, ways: [], kind: "good", text: "" };
    if (one.via === "layer2") box.ways.push("layer2");
    else box.ways.push(...one.peers.map((peer) => `router ${peer}`));
    box.text = box.ways.includes("layer2") ? (one.interfaces ?? road.announcers.find((other) => other.node === one.node)?.interfaces)?.join(", ") ?? "any interface" : "by BGP";
    if (one.via === "bgp" && one.peers.length > 0 && one.unheardBy.length === one.peers.length) box.kind = "bad";
    box.unheard = one.unheardBy.map((peer) => `router ${peer}`);
    nodes.set(one.node, box);
  }
  const boxes = [...nodes.values()];
  if (road.moreAnnouncers > 0) boxes.push({ key: "more nodes", title: `${road.moreAnnouncers} more`, text: "nodes", kind: "none", ways: ways.map((way) => way.key) });
  list.push({ title: "by the node", boxes: boxes.length > 0 ? boxes : [{ key: "no node", title: "no node", text: "announces it", kind: "bad", ways: [] }] });
  list.push({ title: road.policy === "Local" ? "which hands it to its own endpoints (policy Local)" : "which hands it to an endpoint (policy Cluster)", boxes: endpoints(road) });
  return list;
}

function fillText(pool) {
  if (!pool || pool.families.length === 0) return "";
  return pool.families.map((family) => `${family.assigned} of ${family.capacity}`).join(" · ");
}

function endpoints(road) {
  const { endpoints } = road;
  if (endpoints.reason) return [{ key: "secret", title: "not known", text: "may not be read", kind: "none" }];
  if (!endpoints.known) return [{ key: "loading", title: "…", text: "being read", kind: "none" }];
  const boxes = endpoints.nodes.map((place) => ({ key: `endpoints ${place.node}`, node: place.node, title: place.node || "no node",
    text: place.ready === place.total ? `${place.ready} ready` : `${place.ready} of ${place.total} ready`,
    kind: place.ready === 0 ? "bad" : place.ready < place.total ? "warn" : "good" }));
  if (endpoints.more > 0) boxes.push({ key: "more endpoints", title: `${endpoints.more} more`, text: "nodes", kind: "none" });
  return boxes.length > 0 ? boxes : [{ key: "none", title: "no endpoint", text: "nothing to hand it to", kind: "bad" }];
}

// MARK: The picture

function picture(road, width) {
  const list = stages(road);
  const perLine = Math.max(1, Math.floor((width + gap) / (132 + gap)));
  let y = 0;
  for (const stage of list) {
    stage.labelY = y + 12;
    y += labelHeight;
    const columns = Math.min(perLine, stage.boxes.length);
    const boxWidth = Math.min(200, (width - gap * (columns - 1)) / columns);
    const used = columns * boxWidth + (columns - 1) * gap;
    stage.boxes.forEach((box, index) => {
      box.width = boxWidth;
      box.x = (width - used) / 2 + (index % columns) * (boxWidth + gap);
      box.y = y + Math.floor(index / columns) * (boxHeight + gap);
    });
    y += Math.ceil(stage.boxes.length / columns) * (boxHeight + gap) - gap;
    stage.bottom = y;
    y += stageGap - labelHeight;
  }
  const height = y - (stageGap - labelHeight) + 2;
  const lines = [];
  for (let index = 1; index < list.length; index += 1) {
    for (const [from, to, isBroken] of links(list, index, road)) lines.push(line(from, to, isBroken));
  }
  const summary = words(road).join(" ");
  return draw("svg", { class: "road", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-labelledby": "road-picture" },
    draw("title", { id: "road-picture" }, `The road of ${road.key}. ${summary}`),
    draw("g", { class: "lines" }, lines),
    list.map((stage) => draw("text", { class: "label", x: width / 2, y: stage.labelY, "text-anchor": "middle" }, stage.title)),
    list.flatMap((stage) => stage.boxes.map(box)));
}

/** What leads from one stage to the next: pairs of boxes, and whether the way is broken. */
function links(list, index, road) {
  const [above, below] = [list[index - 1].boxes, list[index].boxes];
  const pairs = [];
  for (const from of above) {
    for (const to of below) {
      let isLinked = true;
      let isBroken = from.kind === "bad" || to.kind === "bad";
      if (index === 3) {
        isLinked = to.ways.length === 0 || to.ways.includes(from.key);
        isBroken = isBroken || (to.unheard ?? []).includes(from.key);
      }
      if (index === 4 && road.policy === "Local") isLinked = to.node === undefined || from.title === to.node || above.length === 0;
      if (isLinked) pairs.push([from, to, isBroken]);
    }
  }
  return pairs;
}

function line(from, to, isBroken) {
  const [x1, y1] = [from.x + from.width / 2, from.y + boxHeight];
  const [x2, y2] = [to.x + to.width / 2, to.y];
  const middle = (y1 + y2) / 2;
  const path = draw("path", { d: `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`, class: isBroken ? "broken" : "whole" });
  if (!isBroken) return path;
  const [x, y, r] = [(x1 + x2) / 2, middle, 4];
  return [path, draw("path", { class: "cross", d: `M${x - r} ${y - r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}` })];
}

function box(one) {
  const fits = Math.floor((one.width - 30) / 7.3);
  const text = (value) => (value.length > fits ? `${value.slice(0, Math.max(1, fits - 1))}…` : value);
  return draw("g", { class: "box", "data-kind": one.kind, transform: `translate(${one.x} ${one.y})` },
    draw("title", {}, `${one.title}${one.text ? `: ${one.text}` : ""}`),
    draw("rect", { width: one.width, height: boxHeight, rx: 6 }), shape(one.kind),
    draw("text", { class: "title", x: 26, y: 19 }, text(one.title)), draw("text", { class: "detail", x: 26, y: 34 }, text(one.text)));
}

/** The shape that goes with a colour. */
function shape(kind) {
  switch (kind) {
    case "good": return draw("circle", { class: "shape", cx: 14, cy: 15, r: 4.5 });
    case "warn": return draw("path", { class: "shape", d: "M14 9l6 6-6 6-6-6z" });
    case "bad": return draw("path", { class: "shape", d: "M14 9l6.5 11.5h-13z" });
    default: return draw("circle", { class: "shape hollow", cx: 14, cy: 15, r: 4 });
  }
}

// MARK: In words

/** The same as the picture, a sentence for each stage. */
export function words(road) {
  const { service } = road;
  const sentences = [];
  if (service.addresses.length === 0) return [`It ${service.sentence}.`];
  sentences.push(`${service.addresses.join(" and ")} ${service.addresses.length === 1 ? "is" : "are"} from ${service.pool ? `the pool ${service.pool}` : "a pool that the Service does not name"}.`);
  const layer2 = road.announcers.filter((one) => one.via === "layer2");
  for (const one of layer2) {
    sentences.push(`${one.node} answers for it on ${one.interfaces ? one.interfaces.join(", ") : "the local network"}${one.next ? `; if it goes, ${one.next} takes over` : ""}.`);
  }
  for (const router of road.routers) {
    sentences.push(`${router.name}${router.address ? ` (${router.address})` : ""} is told by ${plural(router.nodes, "node")}`
      + `${router.hearing < router.nodes ? `, and has a session with ${router.hearing === 0 ? "none" : router.hearing} of them` : ""}${router.reason ? `: ${router.reason}` : ""}.`);
  }
  if (road.announcers.length === 0) sentences.push(service.standing === "foreign" ? "It is for another load balancer." : "Nobody announces it.");
  const { endpoints } = road;
  if (endpoints.reason) sentences.push(`Its endpoints may not be read: ${endpoints.reason}`);
  else if (endpoints.known) sentences.push(`${endpoints.ready} of ${plural(endpoints.total, "endpoint")} ${endpoints.ready === 1 ? "is" : "are"} ready, on ${plural(endpoints.nodes.length + endpoints.more, "node")}.`);
  return sentences;
}

const matches = {
  announces: ["good", (nodes) => `announces it, from ${plural(nodes, "node")}`], otherPool: ["none", () => "is for other pools"],
  otherService: ["warn", () => "its serviceSelectors match other Services"], noNode: ["bad", () => "its nodeSelectors match no node"],
  invalid: ["bad", () => "is not valid: see metallb check"],
};

function why(road) {
  const { why } = road;
  if (!why) return null;
  const sorted = [...why.advertisements].sort((one, other) => (other.match === "announces") - (one.match === "announces"));
  const advertisements = sorted.map((one) => {
    const [kind, sentence] = matches[one.match] ?? ["none", () => one.match];
    return make("li", {}, state(kind, ""), make("span", {}, mono(one.kind), " ", one.name, ": ", sentence(one.nodes)));
  });
  const verdicts = (title, list) => list.length === 0 ? null : [make("h4", {}, title), make("ul", { class: "facts" }, list.map((one) =>
    make("li", {}, state(one.verdict === "announce" ? "good" : "none", ""),
      make("span", {}, one.nodes.join(", "), one.more > 0 ? ` and ${one.more} more` : "", ": ", one.sentence))))];
  return make("section", {}, make("h3", {}, "Why"),
    make("ul", { class: "facts" }, advertisements.length > 0 ? advertisements
      : make("li", {}, state("bad", ""), make("span", {}, "There is no advertisement: create an L2Advertisement or a BGPAdvertisement."))),
    verdicts("Nodes, layer 2", why.layer2), verdicts("Nodes, BGP", why.bgp),
    why.succession.length > 1 ? make("p", { class: "quiet" }, "In line: ", joined(why.succession.map((name) => mono(name)), ", then ")) : null,
    why.omitted > 0 ? make("p", { class: "quiet" }, `${plural(why.omitted, "node")} more are not worked out.`) : null);
}

// MARK: The panel

let shown = { key: null, text: "", width: 0 };

/** Shows the road, or that none is chosen. */
export function showRoad(road, { force = false } = {}) {
  const body = document.getElementById("road-body");
  const panel = document.getElementById("road");
  panel.classList.toggle("chosen", Boolean(road));
  document.getElementById("road-close").hidden = !road;
  const title = document.getElementById("road-title");
  if (!road) {
    if (shown.key === "") return;
    title.textContent = "The road of a Service";
    body.replaceChildren(make("p", { class: "quiet hint" }, "Choose a Service to see where its address is from, who attracts its traffic, and where that ends."));
    shown = { key: "", text: "", width: 0 };
    return;
  }
  const width = Math.max(260, Math.floor(body.clientWidth));
  const text = JSON.stringify(road, (key, value) => (key === "since" ? undefined : value));
  if (!force && shown.key === road.key && shown.text === text && shown.width === width) return;
  shown = { key: road.key, text, width };
  title.textContent = road.key;
  if (!road.service) {
    body.replaceChildren(make("p", { class: "hint" }, road.gone ? `There is no Service ${road.key} of type LoadBalancer.` : "Reading …"));
    return;
  }
  body.replaceChildren(
    make("p", { class: "lead" }, standing(road.service), make("span", {}, `It ${road.service.sentence}.`)),
    picture(road, width),
    make("section", {}, make("h3", {}, "In words"), make("ol", { class: "words" }, words(road).map((sentence) => make("li", {}, sentence)))),
    road.announcers.length > 0 ? make("section", {}, make("h3", {}, "Announced"), make("ul", { class: "facts" }, road.announcers.map((one) =>
      make("li", {}, state("plain", ""), make("span", {}, mono(one.node), one.via === "layer2" ? " by layer 2" : ` by BGP to ${one.peers.join(", ")}`,
        one.since ? [" for ", since(one.since)] : ""))))) : "",
    why(road) ?? "",
    road.pool ? make("section", {}, make("h3", {}, "Its pool"), make("p", {}, poolState(road.pool), " ", road.pool.name), road.pool.families.map(bar)) : "",
    road.events.length > 0 ? make("section", {}, make("h3", {}, "Its Events"),
      make("table", { class: "rows small", "aria-label": "Events of the Service" },
        make("thead", {}, make("tr", {}, ["When", "Reason", "Object", "Message"].map((name) => make("th", { scope: "col" }, name)))),
        make("tbody", {}, road.events.map(event)))) : "",
    make("p", { class: "quiet" }, "More in a terminal: ", make("code", {}, `metallb explain service ${road.key}`)));
}

