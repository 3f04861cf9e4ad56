// The page: what is asked for, what is shown, and the keys.

import { make, patch, plural, tellAges } from "./elements.js";
import { showList, showTiles } from "./lists.js";
import { showRoad } from "./road.js";
import { Stream } from "./stream.js";

const byId = (id) => document.getElementById(id);
const sections = ["problems", "warnings", "services", "pools", "nodes", "sessions", "events"];

// MARK: What is asked for; the address bar has it, so that going back and reloading work

const view = readView();

function readView() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  return { q: fragment.get("q") ?? "", show: fragment.get("show") ?? "all", service: fragment.get("service"), pages: {} };
}

function parameters() {
  const all = new URLSearchParams();
  if (view.q) all.set("q", view.q);
  if (view.show !== "all") all.set("show", view.show);
  if (view.service) all.set("service", view.service);
  for (const [section, page] of Object.entries(view.pages)) if (page > 1) all.set(section, page);
  return all;
}

function ask({ remember = "replace" } = {}) {
  const all = parameters();
  for (const section of sections) all.delete(section);
  const address = all.size > 0 ? `#${all}` : location.pathname;
  if (remember === "push") history.pushState(null, "", address);
  if (remember === "replace") history.replaceState(null, "", address);
  stream.ask(parameters());
}

// MARK: What is shown

let latest = null;
let lastLive = null;
let lastVerdict = "";

const stream = new Stream(show, (message, isTemporary) => {
  connection("lost", isTemporary ? "no answer" : "no access");
  banner(message, "bad");
  document.body.classList.add("stale");
});

function show(page) {
  latest = page;
  byId("main").hidden = false;
  byId("place").textContent = `${page.place.server} · ${page.place.namespace}`;
  showConnection(page);
  showVerdict(page);
  showTiles(page.summary);
  for (const section of sections) showList(section, page[section]);
  byId("problems").hidden = page.problems.total === 0;
  byId("warnings").hidden = page.warnings.total === 0;
  byId("controllers").textContent = controllers(page.controllers);
  byId("notes").hidden = page.notes.length === 0;
  patch(byId("notes").querySelector("[data-list]"), page.notes, (note) => note, (note) => make("li", {}, note));
  if (!view.service) showRoad(null);
  else if (page.road?.key === view.service) showRoad(page.road);
  markChosen();
}

function controllers(list) {
  if (list.length === 0) return "no controller";
  return list.map((one) => `controller${one.node ? ` on ${one.node}` : ""}${one.leading === false ? " (stands by)" : one.reason ? ` (${one.reason})` : ""}`).join(", ");
}

function showConnection(page) {
  const { state } = page.connection;
  document.body.classList.toggle("stale", state === "lost");
  if (state === "lost") {
    connection("lost", "API server away");
    const when = lastLive ? ` What you see is as of ${lastLive.toLocaleTimeString()}.` : "";
    banner(`The API server does not answer: ${page.connection.reason}.${when} The page goes on by itself as soon as it does.`, "bad");
  } else if (state === "loading") {
    connection("loading", "reading");
    banner("");
  } else {
    lastLive = new Date(page.time * 1000);
    connection("live", "live");
    banner("");
  }
}

function connection(state, text) {
  const pill = byId("connection");
  pill.dataset.state = state;
  const words = pill.querySelector(".text");
  if (words.textContent !== text) words.textContent = text;
}

function banner(text, kind = "") {
  const element = byId("banner");
  element.hidden = text === "";
  element.dataset.kind = kind;
  if (element.textContent !== text) element.textContent = text;
}

function showVerdict(page) {
  const { summary } = page;
  const isLoading = page.connection.state === "loading";
  const isWell = summary.well && page.connection.state === "live";
  const text = isLoading ? "Reading the cluster" : page.connection.state === "lost" ? "The API server is away"
    : summary.well ? "All is well" : plural(summary.problems, "problem");
  const verdict = byId("verdict");
  verdict.dataset.state = isLoading ? "loading" : isWell ? "good" : "bad";
  verdict.querySelector(".text").textContent = text;
  document.title = isWell || isLoading ? "metallb" : `▲ ${text} · metallb`;
  if (lastVerdict && lastVerdict !== text) byId("news").textContent = text;
  lastVerdict = text;
}

/** Of a list's links one can be reached by Tab, and arrows lead from there. */
function markChosen() {
  for (const row of byId("services").querySelectorAll("tr[data-key]")) {
    const isChosen = row.dataset.key === view.service;
    row.classList.toggle("chosen", isChosen);
    row.querySelector("a").toggleAttribute("aria-current", isChosen);
  }
  const links = [...byId("services").querySelectorAll("[data-list] a[data-focus]")];
  const stop = links.find((link) => link === document.activeElement) ?? links.find((link) => link.dataset.service === view.service) ?? links[0];
  for (const link of links) link.tabIndex = link === stop ? 0 : -1;
}

// MARK: Choosing a Service

function choose(key, { moveFocus = true } = {}) {
  if (view.service === key) return;
  view.service = key;
  ask({ remember: "push" });
  showRoad(key ? { key } : null);
  markChosen();
  if (key && moveFocus) {
    byId("road").focus({ preventScroll: true });
    if (byId("road").getBoundingClientRect().top > window.innerHeight * 0.6 || window.innerWidth < 1100) byId("road").scrollIntoView({ block: "start" });
  }
}

function leaveRoad() {
  const key = view.service;
  choose(null);
  const link = key && byId("services").querySelector(`a[data-service="${CSS.escape(key)}"]`);
  (link || byId("services")).focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a, button");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.dataset.service) {
    event.preventDefault();
    choose(link.dataset.service);
  } else if (link.dataset.jump || "skip" in link.dataset) {
    event.preventDefault();
    const target = byId(link.dataset.jump ?? "services");
    target.scrollIntoView({ block: "start" });
    target.focus({ preventScroll: true });
  } else if (link.dataset.turn) {
    const pager = link.closest(".pager");
    view.pages[pager.dataset.section] = Number(pager.dataset.page) + Number(link.dataset.turn);
    ask();
  }
});

// A row is a large target for who points; who uses keys has its link.
byId("services").addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-key]");
  if (row && !event.target.closest("a") && String(getSelection()) === "") choose(row.dataset.key, { moveFocus: false });
});

byId("road-close").addEventListener("click", leaveRoad);

window.addEventListener("popstate", () => {
  const then = readView();
  Object.assign(view, { q: then.q, show: then.show, service: then.service });
  byId("search").value = view.q;
  syncFilter();
  ask({ remember: "nothing" });
  if (!view.service) showRoad(null);
});

// MARK: Search and filter

let typing = 0;
byId("search").value = view.q;
byId("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => search(byId("search").value.trim()), 150);
});
byId("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  search(byId("search").value.trim());
  byId("services").querySelector("[data-list] a")?.focus();
});

function search(text) {
  if (text === view.q) return;
  view.q = text;
  view.pages = {};
  ask();
}

function syncFilter() {
  for (const input of byId("filter").querySelectorAll("input")) input.checked = input.value === view.show;
}
byId("filter").addEventListener("change", (event) => filter(event.target.value));
syncFilter();

function filter(value) {
  view.show = value;
  view.pages = {};
  syncFilter();
  ask();
}

// MARK: Keys

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  const isTyping = event.target === byId("search");
  if (byId("help").open) return;
  if (event.key === "Escape") {
    if (isTyping) {
      byId("search").value = "";
      search("");
      byId("search").blur();
    } else if (view.service) leaveRoad();
    else if (view.q) { byId("search").value = ""; search(""); }
    return;
  }
  if (isTyping) {
    if (event.key === "ArrowDown") { event.preventDefault(); byId("services").querySelector("[data-list] a")?.focus(); }
    return;
  }
  if (event.target.matches("input")) return;
  if (event.key === "/") { event.preventDefault(); byId("search").focus(); byId("search").select(); }
  else if (event.key === "?") byId("help").showModal();
  else if (event.key === "p") filter(view.show === "all" ? "troubled" : "all");
  else moveAlong(event);
});

/** Arrows lead along the links of the list that has the focus. */
function moveAlong(event) {
  const list = event.target.closest?.("[data-list]");
  if (!list || !event.target.matches("a[data-focus]")) return;
  const links = [...list.querySelectorAll("a[data-focus]")];
  const index = links.indexOf(event.target);
  const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: links.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  const link = links[Math.max(0, Math.min(next, links.length - 1))];
  for (const one of links) one.tabIndex = one === link ? 0 : -1;
  link.focus();
}

byId("help-button").addEventListener("click", () => byId("help").showModal());

// MARK: Light and dark

const themes = ["auto", "light", "dark"];

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = { auto: "Theme: auto", light: "Theme: light", dark: "Theme: dark" }[theme];
  byId("theme").setAttribute("aria-label", `Theme: ${theme}. Change it`);
  localStorage.setItem("theme", theme);
}

byId("theme").addEventListener("click", () => {
  setTheme(themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length]);
});
const remembered = localStorage.getItem("theme");
setTheme(themes.includes(remembered) ? remembered : "auto");

// MARK: Start

setInterval(tellAges, 1000);
let resizing = 0;
new ResizeObserver(() => {
  cancelAnimationFrame(resizing);
  resizing = requestAnimationFrame(() => { if (view.service && latest?.road?.key === view.service) showRoad(latest.road); });
}).observe(byId("road"));
showRoad(view.service ? { key: view.service } : null);
ask();
