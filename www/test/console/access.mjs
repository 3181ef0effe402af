// Who may connect, and what users of few rights see.

import { check, step } from "../checks.mjs";
import { equal } from "./harness.mjs";

export async function checkConnecting(tab, redis, origin) {
  await step("the page loads under its policy, and offers its own gateway", async () => {
    await tab.load();
    equal(await tab.get("connect-url").inputValue(), `${origin.replace("http", "ws")}/redis`, "gateway");
    equal(await tab.text("state"), "not connected", "state");
    const inline = await tab.page.evaluate(() => {
      const script = document.createElement("script");
      let refused = "";
      try {
        script.textContent = "window.inline = true";
      } catch {
        refused = "script";
      }
      try {
        document.createElement("p").innerHTML = "<b>x</b>";
      } catch {
        refused += " html";
      }
      return refused;
    });
    equal(inline, "script html", "what the policy refuses");
    // Those were no errors of the page.
    tab.errors = [];
  });

  await step("errors are shown with code and advice", async () => {
    await redis("ACL", "SETUSER", "reader", "on", ">secret", "resetkeys", "resetchannels", "-@all", "+@read", "+ping", "+select", "-scan", "+type", "~check:*");
    await tab.connect({ username: "reader", password: "wrong" });
    await tab.sees("connect-error-code", /^ERR_REDMUX_CONNECT_AUTH/);
    await tab.sees("connect-error-advice", /user and the password/);
    await tab.get("connect-password").fill("");
    await tab.get("connect").click();
    await tab.sees("connect-error-text", "A user name needs a password.");
    await tab.get("how-none").check();
    await tab.get("connect-url").fill("wss://elsewhere.example/redis");
    await tab.get("connect").click();
    await tab.sees("connect-error-advice", /security policy allows only its own gateway/);
    await tab.get("connect-url").fill(`${origin.replace("http", "ws")}/nothing`);
    await tab.get("connect").click();
    await tab.sees("connect-error-code", /^ERR_REDMUX_CONNECT_UPGRADE|^ERR_REDMUX_CONNECT_DIAL/);
    tab.errors = [];
    await tab.get("connect-url").fill(`${origin.replace("http", "ws")}/redis`);
  });

  await step("credentials go nowhere unless asked, and stay in the tab if asked", async () => {
    await redis("ACL", "SETUSER", "full", "on", ">full-secret", "allkeys", "allchannels", "+@all");
    const kept = () => tab.page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie, location.href]));
    await tab.connect({ username: "full", password: "full-secret", database: 2 });
    await tab.state("ready");
    await tab.sees("endpoint", /^full@127\.0\.0\.1:\d+ db2$/);
    check(!(await kept()).includes("full-secret"), "the password was kept");
    check(!(await tab.page.content()).includes("full-secret"), "the password is in the page");
    await tab.get("disconnect").click();
    await tab.state("closed");
    await tab.get("connect-password").fill("full-secret");
    await tab.get("connect-database").fill("0");
    await tab.get("connect-keep").check();
    await tab.get("connect").click();
    await tab.state("ready");
    await tab.load();
    await tab.state("ready");
    await tab.get("disconnect").click();
    equal(await tab.get("connect-password").inputValue(), "", "the password field after connecting");
    await tab.get("connect-password").fill("full-secret");
    await tab.get("connect-keep").uncheck();
    await tab.get("connect").click();
    await tab.state("ready");
    check(!(await kept()).includes("secret"), "still kept");
    await tab.get("disconnect").click();
  });
}

export async function checkRestricted(tab, redis) {
  await step("a user with few rights sees plainly what is refused, and the rest works", async () => {
    await redis("MSET", "check:mine", "1", "private", "2");
    await tab.load();
    await tab.connect({ username: "reader", password: "secret" });
    await tab.state("ready");
    await tab.sees("keys-note", /NOPERM|no permissions/);
    await tab.open("check:mine");
    await tab.sees("string-value", "1");
    await tab.tab("cli");
    check(/NOPERM/.test((await tab.run("GET private")).reply), "the ACL does not hold");
    await tab.get("cli-input").pressSequentially("EXPIRETI");
    await tab.until("completion from the project's table", () => tab.page.locator("#cli-options li b").allTextContents(), (seen) => seen.join() === "EXPIRETIME");
    await tab.page.keyboard.press("Tab");
    await tab.sees("cli-help", /EXPIRETIME key.*Since 7\.0\.0/s);
    await tab.tab("metrics");
    await tab.sees("metrics-note", /may not run INFO/);
    await tab.sees("chart-latency-last", /ms$/);
    await tab.tab("slowlog");
    await tab.sees("slowlog-note", /may not run SLOWLOG/);
    await tab.sees("latency-note", /may not run LATENCY/);
    await tab.tab("server");
    await tab.sees("info-note", /may not run INFO/);
    await tab.tab("pubsub");
    await tab.get("pubsub-channel").fill("news");
    await tab.get("pubsub-subscribe").click();
    await tab.sees("pubsub-note", /NOPERM|no permissions/);
    await tab.open("check:mine");
    await tab.get("key-delete").click();
    await tab.answer({});
    await tab.until("a notice", () => tab.page.locator(".toast").allTextContents(), (seen) => seen.some((text) => /NOPERM|no permissions/.test(text)));
    await tab.get("disconnect").click();
  });
}

export async function checkToken(tab, redis, token) {
  await step("a gateway's token lets in, and its policy is not tried again and again", async () => {
    await tab.load();
    await tab.connect({ token: "not-the-token-that-it-knows" });
    await tab.sees("connect-error-code", /^ERR_REDMUX_/);
    await tab.connect({ token });
    await tab.state("ready");
    await tab.tab("cli");
    equal((await tab.run("SET app:x 1")).reply, "OK", "what the policy allows");
    // Every panel sends a command that the policy refuses; ten of them would close the connection.
    for (let round = 0; round < 3; round++) {
      for (const name of ["metrics", "server", "slowlog", "keys", "cli"]) await tab.tab(name);
    }
    await new Promise((resolve) => setTimeout(resolve, 4000));
    equal((await tab.run("GET app:x")).reply, '"1"', "after all panels");
    // SCAN is limited to the pattern that the policy allows; TYPE, for each row, is refused.
    for (let at = 0; at < 30; at++) await redis("SET", `app:${at}`, "1");
    await tab.tab("keys");
    await tab.sees("keys-note", /^The gateway does not allow SCAN/);
    await tab.get("keys-pattern").fill("app:*");
    await tab.get("keys-search").click();
    await tab.sees("keys-note", "31 keys, all there are.");
    await tab.until("rows without a type", () => tab.page.locator("#keys-list .row .type").allTextContents(), (seen) => seen.length > 10 && seen.every((type) => type === "?"));
    await tab.page.locator("#keys-list .row").first().click();
    await tab.sees("key-detail", /may not run TYPE/);
    await tab.tab("cli");
    equal((await tab.run("GET app:x")).reply, '"1"', "after the list");
    await tab.tab("events");
    const failed = await tab.page.locator('[data-testid="event"][data-event="connectionFailed"]').count();
    equal(failed, 0, "lost connections");
  });
}
