// How the pages become a site.

import { join } from "node:path";
import { menu, pages, root } from "../pages.mjs";

const target = process.env.REDMUX_SITE ?? join(root, "target");

/** The anchors that hosts of repositories make of headings, since the documents are read there too. */
const slugify = (heading) => heading.trim().toLowerCase().replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "").replaceAll(" ", "-");

/** Those of the console. */
const svg = (size, line) => `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}">${line}</svg>`)}`;
const line = (path, colour, width) => `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round" stroke-linecap="round"/>`;
const ICON = svg(16, line("M2 12 8 3l6 9", "#0d9488", 2.5));
const logo = (colour) => svg(28, line("M4 22 14 6l10 16M9 22l5-8 5 8", colour, 2.6));

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
    logo: { light: logo("#0a756b"), dark: logo("#3cc9b8"), alt: "" },
    nav: [
      { text: "Start", link: "/start" },
      { text: "Rust", link: "/rust" },
      { text: "Node", link: "/servers" },
      { text: "Pages", link: "/browser" },
      { text: "Console", link: "/console" },
    ],
    sidebar: await menu(await pages()),
    outline: [2, 3],
    search: { provider: "local" },
    footer: { message: "MIT or Apache-2.0, at your choice" },
  },
};
