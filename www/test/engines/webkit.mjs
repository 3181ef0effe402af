// WebKitGTK through its WebDriver, on a virtual display.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

import { freePort } from "../checks.mjs";
import { Page } from "./page.mjs";

const START = 60_000;

/** Starts WebKitWebDriver at `driver` with the browser at `browser`, and the X server at `xvfb`. */
export async function launchWebKit({ driver, browser, xvfb }) {
  const children = [];
  const stop = async () => {
    for (const child of children.toReversed()) {
      if (child.exitCode === null && child.signalCode === null && child.kill("SIGTERM")) await once(child, "exit");
    }
  };
  try {
    const server = spawn(xvfb, ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    children.push(server);
    const [display] = await once(createInterface({ input: server.stdio[3] }), "line");
    const port = await freePort();
    // A runner's container has neither a graphics card nor a session bus.
    const env = { ...process.env, DISPLAY: `:${display}`, LIBGL_ALWAYS_SOFTWARE: "1", WEBKIT_DISABLE_DMABUF_RENDERER: "1", NO_AT_BRIDGE: "1", GIO_USE_VFS: "local" };
    children.push(spawn(driver, [`--port=${port}`, "--host=127.0.0.1"], { env, stdio: "ignore" }));
    const session = new Session(`http://127.0.0.1:${port}`);
    await session.start(browser);
    return {
      newContext: async () => ({ newPage: () => session.newPage(), setDefaultTimeout: () => {} }),
      newPage: () => session.newPage(),
      close: async () => {
        await session.end();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

class Session {
  #base;
  /** One command at a time: each is for the window that is current. */
  #turn = Promise.resolve();
  #current = null;
  /** The window that the session begins with: where the others are opened from. */
  #first = null;

  constructor(base) {
    this.#base = base;
  }

  async start(binary) {
    const browser = { binary, args: ["--automation"] };
    const capabilities = { alwaysMatch: { browserName: "MiniBrowser", "webkitgtk:browserOptions": browser } };
    for (const end = Date.now() + START; ; await setTimeout(100)) {
      try {
        const { sessionId } = await ask(`${this.#base}/session`, "POST", { capabilities });
        this.#base += `/session/${sessionId}`;
        break;
      } catch (error) {
        // The port has no listener yet.
        if (error.name !== "TypeError" || Date.now() > end) throw error;
      }
    }
    this.#first = await ask(`${this.#base}/window`, "GET");
    await ask(`${this.#base}/timeouts`, "POST", { script: 120_000, pageLoad: 60_000 });
  }

  async end() {
    await ask(this.#base, "DELETE").catch(() => {});
  }

  async newPage() {
    const { handle } = await this.#in(this.#first, "POST", "/window/new", { type: "window" });
    const tab = {
      goto: (url) => this.#in(handle, "POST", "/url", { url }),
      close: () => this.#in(handle, "DELETE", "/window"),
      call: async (declaration, ...args) => {
        const script = `
          const [args, done] = [[...arguments].slice(0, -1), arguments[arguments.length - 1]];
          (async () => (${declaration})(...args))().then(
            (value) => done({ value }),
            (error) => done({ error: String(error?.stack ? error + "\\n" + error.stack : error) }),
          );`;
        const { value, error } = await this.#in(handle, "POST", "/execute/async", { script, args });
        if (error !== undefined) throw new Error(error);
        return value;
      },
    };
    return new Page(tab);
  }

  #in(handle, method, path, body) {
    return this.#next(async () => {
      if (this.#current !== handle) await ask(`${this.#base}/window`, "POST", { handle });
      this.#current = method === "DELETE" ? null : handle;
      return ask(this.#base + path, method, body);
    });
  }

  #next(action) {
    const done = this.#turn.then(action);
    this.#turn = done.catch(() => {});
    return done;
  }
}

async function ask(url, method, body) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}
