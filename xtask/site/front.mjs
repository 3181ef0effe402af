// The front page, made of what the README says first.

/** Where a reader starts: the text of a button, and a heading of the README. */
const STARTS = [
  ["Start in Rust", "Rust with tokio", "rust-with-tokio"],
  ["Start in Node", "Node, Deno, Bun", "node-deno-bun"],
  ["Start in a page", "A page", "a-page"],
];

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("{{", "&#123;&#123;");

/** HTML of a line of Markdown with links, code and bold words. */
function inline(text) {
  const page = (target) => target.replace(/\.md(?=#|$)/, ".html");
  return escaped(text)
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .replaceAll(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
    .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, (_, words, target) => `<a href="${page(target)}">${words}</a>`);
}

/**
 * Returns the Markdown of the front page: name, sentence, buttons, claims, picture.
 *
 * `readme` has links that hold in the site. Fails if the README does not begin with a title, a paragraph and a list of claims.
 */
export function front(readme) {
  const need = (found, what) => {
    if (!found) throw new Error(`README.md: the front page needs ${what}`);
    return found;
  };
  const [, name, introduction] = need(/^# (.+)\n\n((?:.+\n)+)/.exec(readme), "a title and a paragraph below it");
  const [, sentence, more] = need(/^(.+?\.)\s+(.+)$/s.exec(introduction.trim().replaceAll("\n", " ")), "two sentences below the title");
  const head = readme.split(/^## /m)[0];
  const claims = [...head.matchAll(/^- \*\*(.+?)\*\*([^]*?)(?=^- |(?![^]))/gm)].map(([, title, text]) => {
    const [, details] = need(/^[,:.]?\s*([^]+)$/.exec(text.trim().replaceAll(/\s+/g, " ")), `words after "${title}"`);
    return { title: title.replace(/\.$/, ""), details: inline(details[0].toUpperCase() + details.slice(1)) };
  });
  need(claims.length > 0, "a list of claims");
  for (const [, heading] of STARTS) need(readme.includes(`\n### ${heading}\n`), `the heading "${heading}"`);
  const [picture] = need(/^!\[[^\]]+\]\([^)]+\)$/m.exec(readme), "a picture");
  const matter = {
    layout: "home",
    hero: {
      name,
      text: inline(sentence),
      tagline: inline(more),
      actions: STARTS.map(([text, , anchor], at) => ({ theme: at === 0 ? "brand" : "alt", text, link: `/start#${anchor}` })),
    },
    features: claims,
  };
  // JSON is YAML, too.
  return `---\n${JSON.stringify(matter)}\n---\n\n${picture}\n`;
}
