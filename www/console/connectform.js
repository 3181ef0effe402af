// The connection form.

import { announce, byId } from "./dom.js";

const KEPT = "redmux-console";

/** Advice on an error, if there is some. */
function advice(error) {
  const text = `${error.message} ${error.serverText ?? ""}`;
  if (/WRONGPASS|4401|no credential|invalid username/i.test(text)) return "Check the user and the password, or the token.";
  if (/NOAUTH|authenticat/i.test(text)) return "The server wants a user or a password.";
  if (/4429|max number of clients|too many/i.test(text)) return "Too many clients are connected. Try again later.";
  if (/DB index|out of range/i.test(text)) return "There is no such database.";
  if (error.stage === "upgrade" || error.stage === "dial") {
    return "Browsers give no reason: the gateway may be down, or may not know this path, this host or this page's origin. Its log has the reason.";
  }
  if (error.kind === "timeout") return "Nothing answered in time. Is it a gateway?";
  return "";
}

export class ConnectForm {
  #form = byId("connect-form");
  #session;
  #blocked = null;

  constructor(session, gateway) {
    this.#session = session;
    this.#form.elements.url.value = gateway;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.connect();
    });
    for (const radio of this.#form.elements.how) radio.addEventListener("change", () => this.#arrange());
    byId("connect-cancel").addEventListener("click", () => session.close());
    session.addEventListener("state", () => this.#show());
    // A gateway that the page's policy does not allow looks like any other failure.
    addEventListener("securitypolicyviolation", (event) => (this.#blocked = event.blockedURI));
    this.#restore();
    this.#arrange();
  }

  get #values() {
    const { url, how, username, password, token, database, keep } = this.#form.elements;
    const byToken = how.value === "token";
    return {
      url: url.value.trim(),
      how: how.value,
      username: byToken || how.value === "none" ? "" : username.value,
      password: byToken ? token.value.trim() : how.value === "none" ? "" : password.value,
      database: Number(database.value || 0),
      keep: keep.checked,
    };
  }

  async connect() {
    const values = this.#values;
    const options = { url: values.url };
    if (values.password !== "") options.password = values.password;
    if (values.username !== "") options.username = values.username;
    if (values.database !== 0) options.database = values.database;
    this.#fail(null);
    this.#blocked = null;
    if (values.username !== "" && values.password === "") {
      return this.#fail({ message: "A user name needs a password.", code: "ERR_REDMUX_CONFIG" });
    }
    try {
      new URL(values.url, location.href);
    } catch {
      return this.#fail({ message: "The gateway's address is not a URL.", code: "ERR_REDMUX_CONFIG" });
    }
    try {
      await this.#session.open(options);
      this.#remember(values);
    } catch (error) {
      this.#fail(error);
    }
  }

  #show() {
    const connecting = this.#session.state === "connecting";
    byId("connect-submit").disabled = connecting;
    byId("connect-submit").textContent = connecting ? "Connecting…" : "Connect";
    byId("connect-cancel").hidden = !connecting;
  }

  #fail(error) {
    const box = byId("connect-error");
    box.hidden = error === null;
    if (error === null) return;
    byId("connect-error-text").textContent = error.serverText ?? error.message;
    const stage = error.stage ? ` · stage: ${error.stage}` : "";
    byId("connect-error-code").textContent = `${error.code ?? error.name}${stage}`;
    const blocked = this.#blocked
      ? "This page's security policy allows only its own gateway: others are named by console.connect in the gateway's configuration."
      : "";
    byId("connect-error-advice").textContent = blocked || advice(error);
    announce(`Not connected: ${error.message}`);
  }

  #arrange() {
    const how = this.#form.elements.how.value;
    byId("with-password").hidden = how !== "password";
    byId("with-token").hidden = how !== "token";
  }

  /** Only if asked to, and only for this tab. */
  #remember(values) {
    try {
      if (values.keep) sessionStorage.setItem(KEPT, JSON.stringify(values));
      else sessionStorage.removeItem(KEPT);
    } catch {
      // Storage may be forbidden: then nothing is saved.
    }
    this.#form.elements.password.value = "";
    this.#form.elements.token.value = "";
  }

  #restore() {
    let kept = null;
    try {
      kept = JSON.parse(sessionStorage.getItem(KEPT));
    } catch {
      // Treated as empty.
    }
    if (!kept) return;
    const { elements } = this.#form;
    elements.url.value = kept.url;
    elements.how.value = kept.how;
    elements.username.value = kept.username;
    elements.database.value = kept.database;
    elements.keep.checked = true;
    elements[kept.how === "token" ? "token" : "password"].value = kept.password;
    this.connect();
  }
}

/** The address of the gateway that served this page. */
export async function ownGateway() {
  let path = "/redis";
  try {
    const response = await fetch(new URL("./gateway.json", location.href));
    if (response.ok) path = (await response.json()).path ?? path;
  } catch {
    // Served by another server: use the default path.
  }
  return new URL(path, location.href).href.replace(/^http/, "ws");
}
