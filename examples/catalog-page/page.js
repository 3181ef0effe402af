// The catalogue in a page: what is found while one types, and one product beside it. Texts are never HTML: others wrote them.

import { connect } from "redmux";

import { facets, fill, search, sell, similar, soldByHour, visit, visitors } from "./catalog.js";

const $ = (id) => document.getElementById(id);
/** A random name for this tab, also after it is loaded again. */
const me = (sessionStorage.visitor ??= crypto.randomUUID());

let [redis, category, chosen, asked] = [null, null, null, 0];

function make(name, text, ...children) {
  const element = document.createElement(name);
  element.append(text, ...children);
  return element;
}

function button(text, action, ariaPressed = null) {
  return Object.assign(make("button", text), { type: "button", ariaPressed, onclick: () => doing(action) });
}

function state(name, text = name) {
  $("state").dataset.state = name;
  $("state").textContent = text;
}

/** Errors hold no arguments, and say whether the command may have been executed (`delivery`). */
async function doing(action) {
  $("fault").textContent = "";
  try {
    await action();
  } catch (error) {
    $("fault").textContent = `${error.message} (${error.code})`;
  }
}

async function showFound() {
  const mine = (asked += 1);
  const words = $("words").value;
  const filter = { words, most: Number($("most").value || Infinity), category };
  const [found, groups] = await Promise.all([search(redis, filter), facets(redis, filter)]);
  // Somebody has typed on.
  if (mine !== asked) return;
  const choose = (name) => () => {
    category = name === category ? null : name;
    return showFound();
  };
  $("facets").replaceChildren(...groups.map(({ category: name, products, from, to }) =>
    button(`${name}: ${products}, ${from === to ? from : `${from} to ${to}`}`, choose(name), String(name === category))));
  $("note").textContent = `${found.length} found${words && ` for “${words}”`}`;
  $("found").replaceChildren(...found.map((product) =>
    make("li", button(product.name, () => showProduct(product)), make("span", `${product.about}, for ${product.price}`))));
}

async function showProduct(product) {
  chosen = product;
  const isNew = await visit(redis, product, me);
  const [alike, seen] = await Promise.all([similar(redis, product, 2), visitors(redis, [product])]);
  if (chosen !== product) return;
  $("name").textContent = product.name;
  $("about").textContent = product.about;
  $("left").textContent = `${product.left} left`;
  $("sell").hidden = false;
  $("visitors").textContent = `Visitors: ${seen}${isNew ? ". Welcome, you are new here." : ""}`;
  $("alike").replaceChildren(...alike.map((other) => make("li", button(other.name, () => showProduct(other)))));
}

async function sellOne() {
  const product = chosen;
  const left = await sell(redis, product, 1);
  product.left = left ?? 0;
  if (chosen === product) $("left").textContent = left === null ? "sold out" : `${left} left`;
  await showSales();
}

async function showSales() {
  const sales = await soldByHour(redis, Date.now() - 86_400_000);
  const most = Math.max(...sales.map(({ sold }) => sold));
  $("sales").replaceChildren(...sales.map(({ category: name, at, sold }) => {
    const bar = Object.assign(document.createElement("meter"), { max: most, value: sold, ariaLabel: `${sold} sold` });
    return make("tr", make("td", name), make("td", new Date(at).toLocaleTimeString([], { timeStyle: "short" })), make("td", bar), make("td", String(sold)));
  }));
}

try {
  redis = await connect("/redis", { clientName: "catalog" });
  redis.on("connectionFailed", () => state("reconnecting"));
  redis.on("connectionRestored", () => state("connected"));
  state("connected");
  await doing(async () => {
    await fill(redis);
    $("search").oninput = () => doing(showFound);
    $("sell").onclick = () => doing(sellOne);
    await Promise.all([showFound(), showSales()]);
  });
} catch (error) {
  state("failed", `cannot connect: ${error.message}`);
}
