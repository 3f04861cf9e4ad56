// Makes and patches elements. Text is only ever set as text: nothing that a cluster says is read as markup.

/** An element with attributes and children; null children are left out, strings become text. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** The same for a picture. */
export function draw(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(key, String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** A state as a shape, a colour and a word: none of them is needed to understand the others. */
export function state(kind, text) {
  return make("span", { class: "state", "data-kind": kind }, make("span", { class: "mark", "aria-hidden": "true" }), text);
}

/** A thing in the type of machines, such as an address. */
export function mono(text) {
  return make("span", { class: "mono" }, text);
}

/** Pieces with something between them. */
export function joined(pieces, separator = ", ") {
  return pieces.flatMap((piece, index) => (index === 0 ? [piece] : [separator, piece]));
}

export function plural(number, word, many = word + "s") {
  return `${number} ${number === 1 ? word : many}`;
}

// MARK: Ages

/** How long something has been so, in the words of `metallb status`. */
export function age(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) return `${whole}s`;
  if (whole < 7200) return `${Math.floor(whole / 60)}m`;
  if (whole < 172800) return `${Math.floor(whole / 3600)}h`;
  return `${Math.floor(whole / 86400)}d`;
}

/** A time that goes on being told as an age; null where there is none. */
export function since(seconds, suffix = "") {
  if (seconds === undefined || seconds === null) return null;
  const date = new Date(seconds * 1000);
  return make("time", { datetime: date.toISOString(), title: date.toLocaleString(), "data-since": seconds, "data-suffix": suffix },
    age(Date.now() / 1000 - seconds) + suffix);
}

/** Tells all ages anew, where they have changed. */
export function tellAges() {
  for (const element of document.querySelectorAll("time[data-since]")) {
    const text = age(Date.now() / 1000 - Number(element.dataset.since)) + element.dataset.suffix;
    if (element.textContent !== text) element.textContent = text;
  }
}

// MARK: Patching

/** An item without what changes with every look at it, and the times in it. */
function fingerprint(item) {
  const times = [];
  const text = JSON.stringify(item, (key, value) => {
    if (key !== "since") return value;
    times.push(value);
    return undefined;
  });
  return { text, times };
}

/** Times that are told as ages jitter by a second or two. */
function isSame(one, other) {
  return one.text === other.text && one.times.length === other.times.length
    && one.times.every((time, index) => Math.abs(time - other.times[index]) <= 3);
}

/**
 * Makes the children of `parent` those that `items` stand for. What has not changed is not touched, so that focus, selection
 * and scroll stay where they are; what has changed keeps the focus, and shows for a moment that it has.
 */
export function patch(parent, items, keyOf, build) {
  const before = parent.patched ?? new Map();
  const after = new Map();
  let cursor = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const print = fingerprint(item);
    let entry = before.get(key);
    before.delete(key);
    if (!entry || !isSame(entry.print, print)) {
      const element = build(item);
      if (entry) {
        const focused = entry.element.contains(document.activeElement)
          ? document.activeElement.getAttribute("data-focus") : null;
        if (cursor === entry.element) cursor = element;
        entry.element.replaceWith(element);
        if (focused) element.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
      }
      if (parent.patched) element.classList.add("changed");
      entry = { print, element };
    }
    after.set(key, entry);
    if (entry.element === cursor) {
      cursor = cursor.nextElementSibling;
    } else {
      parent.insertBefore(entry.element, cursor);
    }
  }
  for (const { element } of before.values()) element.remove();
  parent.patched = after;
}
