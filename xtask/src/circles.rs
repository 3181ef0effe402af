//! Checks that files of a crate do not use each other in circles: a test, which `cargo xtask test`
//! runs.
//!
//! A file uses another one if one of its paths (`crate::…`, `super::…`, the name of a submodule)
//! leads to an item that is declared there. Re-exports are followed: a file that only hands names
//! on uses nothing. Methods are no paths: a file may add methods to a type that its parent
//! declares, as long as the parent names nothing of that file.
//!
//! Circles that are there all the same are in `docs/architecture.md`, in a block that begins with
//! ```` ```circles ````: a line is a folder and files of it that may reach each other. A file that
//! is in no circle any more is a fault too, so that the list only gets shorter.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::TokenTree;

use crate::exec::Result;
use crate::sources;

mod paths;

use paths::{Module, Names, module_of};

/// The files of a crate by the names of their modules
#[derive(Debug, Default)]
struct Crate(BTreeMap<Names, Module>);

/// Where the crates have their sources.
const SOURCES: &[&str] = &[
    "src",
    "derive/src",
    "gateway/src",
    "resp/src",
    "tests/support/src",
    "transports/api/src",
    "transports/memory/src",
    "transports/tcp/src",
    "transports/websocket/src",
    "www/wasm/src",
    "xtask/bindgen/src",
    "xtask/src",
];

const PAGE: &str = "docs/architecture.md";

/// Fails if there are other circles than the page says.
fn check(root: &Path) -> Result<()> {
    let page = fs::read_to_string(root.join(PAGE))?;
    let allowed = allowed(&page)?;
    let mut faults = Vec::new();
    for sources in SOURCES {
        let files = Crate::read(&root.join(sources))?;
        let allowed = allowed.iter().filter(|(folder, _)| folder == sources);
        let allowed: Vec<&BTreeSet<String>> = allowed.map(|(_, files)| files).collect();
        faults
            .extend(files.faults(&allowed).into_iter().map(|fault| format!("{sources}: {fault}")));
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(format!("circles of files:\n  {}", faults.join("\n  ")).into()),
    }
}

/// Reads the lines of the page: a folder, and the files below it that may reach each other.
fn allowed(page: &str) -> Result<Vec<(String, BTreeSet<String>)>> {
    let block = page.split("```circles\n").nth(1).and_then(|rest| rest.split("```").next());
    let block = block.ok_or_else(|| format!("{PAGE} has no block of circles"))?;
    let mut allowed: Vec<(String, BTreeSet<String>)> = Vec::new();
    for line in block.lines() {
        // A line that begins with spaces goes on with the files of the one before.
        let files = match (line.split_once(':'), allowed.last_mut()) {
            (Some((folder, files)), _) => {
                let known = SOURCES.contains(&folder);
                known
                    .then_some(())
                    .ok_or_else(|| format!("{PAGE}: {folder} is no folder of sources"))?;
                allowed.push((folder.to_owned(), BTreeSet::new()));
                files
            }
            (None, Some(_)) if line.starts_with(' ') => line,
            _ => return Err(format!("{PAGE}: no `folder: files` in {line:?}").into()),
        };
        let group = allowed.last_mut().map(|(_, group)| group);
        group
            .into_iter()
            .for_each(|group| group.extend(files.split_whitespace().map(str::to_owned)));
    }
    Ok(allowed)
}

impl Crate {
    fn read(dir: &Path) -> Result<Self> {
        let mut files = Self::default();
        for file in sources::files(dir)? {
            let shown = file.strip_prefix(dir).unwrap_or(&file).to_owned();
            // The program beside a library is a crate of its own.
            if shown == Path::new("main.rs") && dir.join("lib.rs").exists() {
                continue;
            }
            files.add(&shown, sources::tokens(&file)?);
        }
        Ok(files)
    }

    fn add(&mut self, file: &Path, tokens: Vec<TokenTree>) {
        let names = module_of(file);
        let mut module = Module { shown: file.display().to_string(), ..Module::default() };
        module.read(&names, tokens);
        self.0.insert(names, module);
    }

    /// Returns the module that declares the item which `path` leads to; `None` if it leads to a
    /// module.
    fn declared(&self, path: &[String], steps: usize) -> Option<Names> {
        let mut at = Names::new();
        let mut rest = path.iter();
        loop {
            let name = rest.next()?;
            let mut below = at.clone();
            below.push(name.clone());
            if self.0.contains_key(&below) {
                at = below;
                continue;
            }
            let Some(target) = self.0.get(&at)?.imports.get(name) else { return Some(at) };
            // An import of itself, or in a ring, leads nowhere.
            if steps == 0 || target == &below {
                return None;
            }
            let path: Names = target.iter().chain(rest).cloned().collect();
            return self.declared(&path, steps - 1);
        }
    }

    /// Returns the files that each file uses.
    fn uses(&self) -> Uses<'_> {
        let used = |(names, module): (&Names, &Module)| -> BTreeSet<Names> {
            let named = module.handed_on.iter().filter(|(name, _)| module.words.contains(*name));
            let paths = module.paths.iter().chain(named.map(|(_, path)| path));
            let declared = paths.filter_map(|path| self.declared(path, 8));
            let whole = module.globs.iter().filter(|path| self.0.contains_key(*path)).cloned();
            declared.chain(whole).filter(|target| target != names).collect()
        };
        self.0.iter().map(|entry| (entry.0, used(entry))).collect()
    }

    /// What is against the groups of files that may reach each other: one chain for each set of
    /// files that reach each other and are in no group, and the files that are in a group for
    /// nothing.
    fn faults(&self, allowed: &[&BTreeSet<String>]) -> Vec<String> {
        let uses = self.uses();
        let shown = |names: &Names| self.0.get(names).map_or("?", |module| &module.shown);
        let mut faults = Vec::new();
        let mut in_circles = BTreeSet::new();
        let mut known: BTreeSet<&Names> = BTreeSet::new();
        for &start in uses.keys() {
            let circle = together(start, &uses);
            in_circles.extend(circle.iter().map(|names| shown(names)));
            let within =
                |group: &BTreeSet<String>| circle.iter().all(|name| group.contains(shown(name)));
            if circle.is_empty()
                || known.contains(start)
                || allowed.iter().any(|group| within(group))
            {
                continue;
            }
            // The chain begins at a file that is new in the circle, if there is one.
            let is_new = |name: &&&Names| !allowed.iter().any(|group| group.contains(shown(name)));
            let first = circle.iter().find(is_new).copied().unwrap_or(start);
            let chain = way_back(first, &uses);
            let chain: Vec<&str> = chain.iter().chain([&first]).map(|names| shown(names)).collect();
            faults.push(chain.join(" -> "));
            known.extend(circle);
        }
        for file in
            allowed.iter().copied().flatten().filter(|file| !in_circles.contains(file.as_str()))
        {
            faults.push(format!("{file} is in no circle: take it off the list in {PAGE}"));
        }
        faults
    }
}

type Uses<'n> = BTreeMap<&'n Names, BTreeSet<Names>>;

/// Returns the files that this one reaches and that reach it, itself included; none if it is in no
/// circle.
fn together<'n>(start: &'n Names, uses: &'n Uses<'n>) -> BTreeSet<&'n Names> {
    let reached = |from: &'n Names| {
        let mut reached = BTreeSet::new();
        let mut left: Vec<&Names> = uses.get(from).into_iter().flatten().collect();
        while let Some(at) = left.pop() {
            if reached.insert(at) {
                left.extend(uses.get(at).into_iter().flatten());
            }
        }
        reached
    };
    reached(start).into_iter().filter(|other| reached(other).contains(start)).collect()
}

/// Returns the shortest chain of uses from a file back to itself, without its end.
fn way_back<'n>(start: &'n Names, uses: &'n Uses<'n>) -> Vec<&'n Names> {
    let mut came_from: BTreeMap<&Names, &Names> = BTreeMap::new();
    let mut wave = vec![start];
    while !wave.is_empty() {
        let mut next = Vec::new();
        for at in wave {
            for to in uses.get(at).into_iter().flatten() {
                if to == start {
                    let back = |at: &&'n Names| came_from.get(*at).copied();
                    let mut chain: Vec<&Names> = std::iter::successors(Some(at), back).collect();
                    chain.reverse();
                    return chain;
                }
                if !came_from.contains_key(to) {
                    came_from.insert(to, at);
                    next.push(to);
                }
            }
        }
        wave = next;
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;

    use super::*;

    fn files(files: &[(&str, &str)]) -> Crate {
        let mut read = Crate::default();
        for (name, code) in files {
            let tokens: TokenStream = code.parse().unwrap();
            read.add(Path::new(name), sources::without_tests(tokens));
        }
        read
    }

    fn faults(code: &[(&str, &str)]) -> Vec<String> {
        files(code).faults(&[])
    }

    #[test]
    fn two_files_that_name_each_other_are_a_circle() {
        let a = ("a.rs", "use crate::b::B; pub struct A;");
        assert_eq!(
            faults(&[a, ("b.rs", "use super::a::{self, A}; pub struct B;")]),
            ["a.rs -> b.rs -> a.rs"]
        );
        assert_eq!(
            faults(&[a, ("b.rs", "pub fn b() { crate::a::run() } pub struct B;")]),
            ["a.rs -> b.rs -> a.rs"]
        );
        assert!(
            faults(&[a, ("b.rs", "#[cfg(test)] mod tests { use crate::a::A; } pub struct B;")])
                .is_empty()
        );
    }

    #[test]
    fn a_circle_goes_over_parents_children_and_what_is_imported_by_name() {
        let code = [
            ("lib.rs", "mod a; mod c;"),
            ("a/mod.rs", "mod b; pub struct A; fn f() { b::run() }"),
            ("a/b.rs", "use crate::c; pub fn run() { c::go() }"),
            ("c.rs", "use crate::a::*; pub fn go() {}"),
        ];
        assert_eq!(faults(&code), ["a/mod.rs -> a/b.rs -> c.rs -> a/mod.rs"]);
    }

    #[test]
    fn what_is_handed_on_is_used_where_it_is_declared() {
        let code = [
            ("lib.rs", "mod a; pub use a::A;"),
            ("a/mod.rs", "mod one; mod two; pub use one::One; pub use two::A;"),
            ("a/one.rs", "pub struct One;"),
            ("a/two.rs", "use super::One; use crate::a::One as Same; pub struct A;"),
        ];
        assert!(faults(&code).is_empty());
        // Used where it is handed on, it makes a circle.
        let mut code = code;
        code[1].1 = "mod one; mod two; pub use two::A; pub struct One(A);";
        assert_eq!(faults(&code), ["a/mod.rs -> a/two.rs -> a/mod.rs"]);
    }

    #[test]
    fn names_of_other_crates_and_of_modules_inside_a_file_are_nobodys() {
        let code = [
            ("lib.rs", "mod a; mod io; fn f() { std::io::empty(); }"),
            ("a.rs", "use std::io; mod inner { use super::A; } fn g() { io::sink(); inner::f() }"),
            ("io.rs", "use crate::a::A; pub fn sink() {}"),
        ];
        assert!(faults(&code).is_empty());
    }

    #[test]
    fn a_group_may_reach_each_other_and_only_shrinks() {
        let code = [("a.rs", "use crate::b::B;"), ("b.rs", "use crate::a::A;"), ("c.rs", "")];
        let group = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert!(files(&code).faults(&[&group(&["a.rs", "b.rs"])]).is_empty());
        let faults = files(&code).faults(&[&group(&["a.rs", "b.rs", "c.rs"])]);
        assert_eq!(faults.len(), 1);
        assert!(faults[0].starts_with("c.rs is in no circle"), "{faults:?}");
        // A file that joins the circle is where the chain begins.
        let code = [code[0], ("b.rs", "use crate::{a::A, c::C};"), ("c.rs", "use crate::a::A;")];
        let faults = files(&code).faults(&[&group(&["a.rs", "b.rs"])]);
        assert_eq!(faults, ["c.rs -> a.rs -> b.rs -> c.rs"]);
    }

    #[test]
    fn the_list_is_read_in_lines_that_may_go_on() {
        let page = "text\n```circles\nsrc: a.rs b.rs\n  c.rs\nxtask/src: d.rs e.rs\n```\n";
        let read = allowed(page).unwrap();
        let shown: Vec<_> =
            read.iter().map(|(folder, files)| (folder.as_str(), files.len())).collect();
        assert_eq!(shown, [("src", 3), ("xtask/src", 2)]);
        assert!(allowed("no block").is_err());
        assert!(allowed("```circles\nnowhere: a.rs\n```").is_err());
    }

    #[test]
    fn the_files_of_each_crate_are_used_one_way() {
        check(&crate::root()).unwrap();
    }
}
