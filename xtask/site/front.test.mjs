// That the front page says what the README says first.

import { deepEqual, equal, match, throws } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";

import { front } from "./front.mjs";
import { root } from "./pages.mjs";

const README = `# name

One sentence with \`code\`. More
of it.

- **Fast.** With <numbers>
  ([measured](performance.md#a), {{twice}}).
- **In a page**, small.

## Start

### Rust with tokio

### Node, Deno, Bun

### A page

![A picture](./pictures/a.png)
`;

const matterOf = (page) => JSON.parse(page.split("\n")[1]);

test("name, sentence, buttons, claims and picture are those of the README", () => {
  const page = front(README);
  match(page, /\n!\[A picture\]\(\.\/pictures\/a\.png\)\n$/);
  const { hero, features } = matterOf(page);
  deepEqual([hero.name, hero.text, hero.tagline], ["name", "One sentence with <code>code</code>.", "More of it."]);
  deepEqual(hero.actions.map(({ link }) => link), ["/start#rust-with-tokio", "/start#node-deno-bun", "/start#a-page"]);
  deepEqual(features, [
    { title: "Fast", details: 'With &lt;numbers&gt; (<a href="performance.html#a">measured</a>, &#123;&#123;twice}}).' },
    { title: "In a page", details: "Small." },
  ]);
});

test("a README without one of these parts is an error", () => {
  for (const part of [/^- .*\n(  .*\n)?/gm, "### A page\n", "![A picture](./pictures/a.png)\n", " More\nof it."]) {
    throws(() => front(README.replace(part, "")), /^Error: README\.md: the front page needs /, String(part));
  }
});

test("the front page has the five claims of the project's README", async () => {
  const { features } = matterOf(front(await readFile(join(root, "README.md"), "utf8")));
  equal(features.length, 5);
});
