import { chromium } from "playwright-core";
const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--headless","--no-sandbox","--disable-gpu"] });
const [,, out, scheme="light", w="1280", h="820"] = process.argv;
const ctx = await b.newContext({ viewport:{width:+w,height:+h}, colorScheme: scheme });
const p = await ctx.newPage(); p.setDefaultTimeout(5000);
p.on("console",m=>["error","warning"].includes(m.type())&&console.log("console:",m.text(), m.location().url)); p.on("pageerror",e=>console.log("pageerror:",e.message,e.stack?.split("\n")[1]));
await p.goto("http://127.0.0.1:7810/console/"); await p.waitForSelector("html[data-started]");
await p.screenshot({path:`${out}-connect.png`});
await p.getByTestId("connect").click(); await p.waitForSelector("[data-state=ready]");
await p.waitForTimeout(600);
if (+w<700) await p.screenshot({path:`${out}-list.png`});
const open=async(n)=>{ if (+w<900 && await p.locator(".back").first().isVisible().catch(()=>false)) await p.locator(".back").first().click(); await p.getByTestId("keys-name").fill(n); await p.getByTestId("keys-open").click(); await p.waitForTimeout(400); };
for (const [n,k] of [["hash","user:1003"],["json","session:153217f3a9"],["zset","leaderboard:2026"],["stream","events:orders"]]) { await open(k); await p.screenshot({path:`${out}-${n}.png`}); }
if (+w<900) await p.locator(".back").first().click();
await p.getByTestId("keys-tree").check(); await p.waitForTimeout(200); await p.screenshot({path:`${out}-tree.png`});
await p.getByTestId("tab-cli").click(); await p.waitForTimeout(700);
for (const l of ["SET greeting \"hello\\nworld\"","HGETALL user:1001","LRANGE queue:emails 0 2","INCR user:1001","GET nothing"]) { await p.getByTestId("cli-input").fill(l); await p.keyboard.press("Enter"); await p.waitForTimeout(150); }
await p.getByTestId("cli-input").pressSequentially("ZRANGE leaderboard:2026 0 B"); await p.waitForTimeout(300); await p.screenshot({path:`${out}-cli.png`});
await p.getByTestId("tab-pubsub").click(); await p.getByTestId("pubsub-channel").fill("news"); await p.getByTestId("pubsub-subscribe").click(); await p.waitForTimeout(300);
await p.getByTestId("publish-channel").fill("news"); for (let i=0;i<8;i++){ await p.getByTestId("publish-payload").fill(`message ${i} <b>hi</b>`); await p.getByTestId("publish").click(); } await p.waitForTimeout(500); await p.screenshot({path:`${out}-pubsub.png`});
await p.getByTestId("tab-metrics").click(); await p.waitForTimeout(+(process.env.METRICS??6000)); await p.screenshot({path:`${out}-metrics.png`});
for (const t of ["slowlog","server","events"]) { await p.getByTestId(`tab-${t}`).click(); await p.waitForTimeout(400); await p.screenshot({path:`${out}-${t}.png`}); }
console.log("overflow", await p.evaluate(()=>document.documentElement.scrollWidth-innerWidth), "pwned", await p.evaluate(()=>window.pwned));
await b.close();
