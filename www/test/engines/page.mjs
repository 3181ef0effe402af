// A page as Playwright shows it, as far as the checks here need one, over any way to call a function in a page.

/** The methods of an engine's tab: `call(declaration, ...args)`, `goto(url)`, `close()`. */
export class Page {
  #tab;
  #handlers = { console: [], pageerror: [] };

  constructor(tab) {
    this.#tab = tab;
    tab.said = (kind, text) => {
      if (kind === "uncaught") for (const handler of this.#handlers.pageerror) handler(new Error(text));
      else for (const handler of this.#handlers.console) handler({ type: () => kind, text: () => text });
    };
  }

  /** Runs a function, or an expression given as text, in the page; its outcome is taken along as JSON. */
  async evaluate(what, ...args) {
    const declaration = what instanceof Function ? what.toString() : `() => (${what}\n)`;
    const wrapped = `async (args) => JSON.stringify(await (${declaration})(...JSON.parse(args))) ?? "null"`;
    return JSON.parse(await this.#tab.call(wrapped, JSON.stringify(args)));
  }

  goto(url) {
    return this.#tab.goto(url);
  }

  close() {
    return this.#tab.close();
  }

  on(event, handler) {
    this.#handlers[event]?.push(handler);
  }

  getByTestId(id) {
    return this.locator(`[data-testid="${id}"]`);
  }

  locator(...path) {
    return new Locator(this, path);
  }

  bringToFront() {
    return this.#tab.show?.();
  }
}

/** An element, looked up again each time: selectors, and the indexes among several. */
class Locator {
  #page;
  #path;

  constructor(page, path) {
    this.#page = page;
    this.#path = path;
  }

  getByTestId(id) {
    return this.locator(`[data-testid="${id}"]`);
  }

  locator(selector) {
    return new Locator(this.#page, [...this.#path, selector]);
  }

  nth(index) {
    return new Locator(this.#page, [...this.#path, index]);
  }

  count() {
    return this.#do((elements) => elements.length);
  }

  textContent() {
    return this.#do(([element]) => element.textContent);
  }

  getAttribute(name) {
    return this.#do(([element], name) => element.getAttribute(name), name);
  }

  click() {
    return this.#do(([element]) => element.click());
  }

  fill(value) {
    return this.#do(([element], value) => {
      element.value = value;
      for (const kind of ["input", "change"]) element.dispatchEvent(new Event(kind, { bubbles: true }));
    }, value);
  }

  #do(action, ...args) {
    const find = `(path, ...args) => {
      let elements = [document];
      for (const part of path) {
        elements = typeof part === "number" ? elements.slice(part, part + 1) : elements.flatMap((one) => [...one.querySelectorAll(part)]);
      }
      return (${action})(elements, ...args);
    }`;
    return this.#page.evaluate({ toString: () => find, __proto__: Function.prototype }, this.#path, ...args);
  }
}
