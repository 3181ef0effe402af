// Makes elements. Texts always become text nodes: nothing here reads HTML.

/**
 * `make("button.quiet", { type: "button", onclick }, "Text", child)`: properties that begin with
 * `on` are listeners, `data` is the dataset, all others are attributes; `null` and `false` are left out.
 */
export function make(what, attributes = {}, ...children) {
  const [name, ...classes] = what.split(".");
  const element = document.createElement(name);
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(element.dataset, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

export function button(text, onclick, attributes = {}) {
  const { kind = "quiet", ...rest } = attributes;
  return make(`button.${kind}`, { type: "button", onclick, ...rest }, text);
}

let numbers = 0;

/** A label with its field; `field` gets an id. */
export function labelled(text, field, note = null) {
  field.id ||= `field-${++numbers}`;
  const label = make("label", { for: field.id }, text);
  const children = [label, field];
  if (note !== null) {
    const id = `${field.id}-note`;
    field.setAttribute("aria-describedby", id);
    children.push(make("p.note", { id }, note));
  }
  return make("div.field", {}, ...children);
}

/** A group of radio buttons that looks like one control; `choose` gets the value. */
export function segments(name, choices, chosen, choose) {
  const group = `${name.replaceAll(/\W/g, "-").toLowerCase()}-${++numbers}`;
  const options = choices.map(([value, text]) => {
    const input = make("input", { type: "radio", name: group, value, checked: value === chosen });
    input.addEventListener("change", () => choose(value));
    return make("label", {}, input, make("span", {}, text));
  });
  return make("div.segments", { role: "radiogroup", "aria-label": name }, ...options);
}

const announcer = () => byId("announcer");

/** Announces a text to screen readers, once. */
export function announce(text) {
  announcer().textContent = "";
  setTimeout(() => (announcer().textContent = text), 50);
}

/** A short notice at the edge of the page. */
export function toast(text, tone = "good") {
  const item = make("div.toast", { data: { tone } }, text);
  byId("toasts").append(item);
  while (byId("toasts").children.length > 4) byId("toasts").firstElementChild.remove();
  setTimeout(() => item.remove(), tone === "bad" ? 9000 : 4000);
}

/** Delays repeated calls until they pause. */
export function debounce(milliseconds, action) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...args), milliseconds);
  };
}
