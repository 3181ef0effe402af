// Keys as a tree of their parts, flattened to the rows that can be seen.

/**
 * The rows of a tree: `{ kind: "folder", path, label, depth, count, open }` or
 * `{ kind: "key", entry, label, depth }`. `entries` are `{ name }` with anything else; `open` holds
 * the paths of folders that are open.
 */
export function treeRows(entries, separator, open) {
  return flatten(grow(entries, separator), "", 0, open, []);
}

/** A folder with a single key is not worth a click: the key takes its place. */
function grow(entries, separator) {
  const root = { folders: new Map(), keys: [], count: 0 };
  for (const entry of entries) {
    const parts = separator === "" ? [entry.name] : entry.name.split(separator);
    let node = root;
    node.count += 1;
    for (const part of parts.slice(0, -1)) {
      let next = node.folders.get(part);
      if (!next) node.folders.set(part, (next = { folders: new Map(), keys: [], count: 0 }));
      next.count += 1;
      next.only = next.count === 1 ? entry : null;
      node = next;
    }
    node.keys.push({ entry, label: parts.at(-1) });
  }
  root.separator = separator;
  return root;
}

function flatten(node, path, depth, open, rows, separator = node.separator) {
  const folders = [...node.folders].sort(([a], [b]) => compare(a, b));
  const lone = [];
  for (const [name, folder] of folders) {
    if (folder.count === 1) {
      lone.push({ entry: folder.only, label: folder.only.name.slice(path.length) });
      continue;
    }
    const full = `${path}${name}${separator}`;
    const isOpen = open.has(full);
    rows.push({ kind: "folder", path: full, label: name, depth, count: folder.count, open: isOpen });
    if (isOpen) flatten(folder, full, depth + 1, open, rows, separator);
  }
  const keys = [...node.keys, ...lone].sort((a, b) => compare(a.label, b.label));
  for (const { entry, label } of keys) rows.push({ kind: "key", entry, label, depth });
  return rows;
}

const collator = new Intl.Collator("en", { numeric: true });

function compare(a, b) {
  return collator.compare(a, b);
}
