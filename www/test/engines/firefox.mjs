// Firefox by WebDriver BiDi, which it speaks itself: no driver program is needed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import WebSocket from "ws";

import { Page } from "./page.mjs";

/** Nothing is asked of the network, and nothing is shown first. */
const PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.disabledForTesting": true,
  "browser.safebrowsing.downloads.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.page": 0,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "http://127.0.0.1:9/",
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

/** Starts the program at `path`, headless, with a new profile. */
export async function launchFirefox(path) {
  const profile = mkdtempSync(join(tmpdir(), "redmux-firefox-"));
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
  writeFileSync(join(profile, "user.js"), lines.join("\n"));
  const args = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank"];
  const child = spawn(path, args, { stdio: ["ignore", "ignore", "pipe"] });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await once(child, "exit");
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    const remote = new Remote(await address(child));
    await remote.open();
    await remote.send("session.new", { capabilities: {} });
    await remote.send("session.subscribe", { events: ["log.entryAdded"] });
    return {
      newContext: async () => ({ newPage: () => remote.newPage(), setDefaultTimeout: () => {} }),
      newPage: () => remote.newPage(),
      version: () => remote.send("session.status", {}),
      close: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function address(child) {
  const said = [];
  for await (const line of createInterface({ input: child.stderr })) {
    const found = /listening on (ws:\/\/\S+)/.exec(line);
    if (found) {
      child.stderr.resume();
      return `${found[1]}/session`;
    }
    said.push(line);
  }
  throw new Error(`Firefox ended: ${said.slice(-3).join(" ")}`);
}

class Remote {
  #socket;
  #last = 0;
  #waiting = new Map();
  #tabs = new Map();

  constructor(url) {
    this.#socket = new WebSocket(url, { maxPayload: 0 });
    this.#socket.on("message", (text) => this.#heard(JSON.parse(text)));
    this.#socket.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("Firefox has gone"));
    });
  }

  async open() {
    await once(this.#socket, "open");
  }

  send(method, params) {
    const id = (this.#last += 1);
    const answered = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answered;
  }

  async newPage() {
    const { context } = await this.send("browsingContext.create", { type: "window" });
    const target = { context };
    const tab = {
      goto: (url) => this.send("browsingContext.navigate", { context, url, wait: "complete" }),
      show: () => this.send("browsingContext.activate", { context }),
      close: () => this.send("browsingContext.close", { context }),
      call: async (functionDeclaration, ...args) => {
        const values = args.map((value) => ({ type: "string", value }));
        const called = { functionDeclaration, target, arguments: values, awaitPromise: true };
        const { type, result, exceptionDetails } = await this.send("script.callFunction", called);
        if (type === "exception") throw new Error(exceptionDetails.text);
        return result.value;
      },
    };
    this.#tabs.set(context, tab);
    return new Page(tab);
  }

  #heard({ type, id, result, method, params, error, message }) {
    if (type === "event") {
      if (method !== "log.entryAdded") return;
      // A WebSocket that cannot be opened is logged in the same way as an exception is.
      const thrown = params.type === "javascript" && !/establish a connection/.test(params.text ?? "");
      const kind = thrown ? "uncaught" : params.level;
      this.#tabs.get(params.source.context)?.said(kind, params.text ?? "");
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (type === "success") waiting?.resolve(result);
    else waiting?.reject(new Error(`${error}: ${message}`));
  }
}
