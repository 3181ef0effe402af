// How the pages become a site.

import { join } from "node:path";
import { menu, pages, root } from "../pages.mjs";

const target = process.env.REDMUX_SITE ?? join(root, "target");

/** The anchors that hosts of repositories make of headings, since the documents are read there too. */
const slugify = (heading) => heading.trim().toLowerCase().replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "").replaceAll(" ", "-");

/** That of the console. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M2 12 8 3l6 9' fill='none' " +
  "stroke='%230d9488' stroke-width='2.5' stroke-linejoin='round' stroke-linecap='round'/%3E%3C/svg%3E";

export default {
  title: "redmux",
  description: "A Redis and Valkey client for Rust, Node, Deno, Bun, Workers and web pages",
  head: [["link", { rel: "icon", href: ICON }]],
  srcDir: join(target, "docs-pages"),
  outDir: join(target, "docs"),
  cacheDir: join(target, "docs-cache"),
  // Links are checked in what was built, anchors too.
  ignoreDeadLinks: true,
  markdown: {
    // The documents are Markdown alone: `<` is a sign like any other.
    html: false,
    linkify: false,
    anchor: { slugify },
    toc: { slugify },
    headers: { slugify },
    theme: { light: "github-light", dark: "github-dark" },
    config(md) {
      const { text } = md.renderer.rules;
      // Two braces would be a template.
      md.renderer.rules.text = (...args) => text(...args).replaceAll("{{", "&#123;&#123;");
    },
  },
  // The table of commands and what the search looks through are large.
  vite: { build: { chunkSizeWarningLimit: 4000 } },
  themeConfig: {
    sidebar: await menu(await pages()),
    outline: [2, 3],
    search: { provider: "local" },
    footer: { message: "MIT or Apache-2.0, at your choice" },
  },
};
