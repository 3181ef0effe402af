//! Checks that the modules of the core use only modules below them: a test, which `cargo xtask
//! test` runs.
//!
//! The layers are written down in `docs/architecture.md`, in a block that begins with ````
//! ```layers ````. A line names the modules of one layer, the lowest first. A line `up: from -> to`
//! allows a use that should not be there. A line that is no longer needed is a fault too, so that
//! the list only gets shorter.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};

use crate::exec::Result;
use crate::sources::{files, tokens, without_tests};

const PAGE: &str = "docs/architecture.md";
const SOURCES: &str = "src";

/// A module that uses another one, and the files where it does
type Uses = BTreeMap<(String, String), BTreeSet<String>>;

/// Fails if a module uses one that is not below it; the error names the files.
pub(crate) fn check(root: &Path) -> Result<()> {
    let page = fs::read_to_string(root.join(PAGE))?;
    let faults = Layers::read(&page)?.faults(&uses(&root.join(SOURCES))?);
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("against the layers in {PAGE}:\n  {}", faults.join("\n  ")).into())
}

/// The layers that the page names
#[derive(Debug, Default)]
struct Layers {
    /// The number of each module's layer; 0 is the lowest.
    rank: BTreeMap<String, usize>,
    allowed: BTreeSet<(String, String)>,
}

impl Layers {
    fn read(page: &str) -> Result<Self> {
        let block = page.split("```layers\n").nth(1).and_then(|rest| rest.split("```").next());
        let block = block.ok_or_else(|| format!("{PAGE} has no block of layers"))?;
        let mut layers = Self::default();
        for (rank, line) in block.lines().filter(|line| !line.trim().is_empty()).enumerate() {
            if let Some(up) = line.strip_prefix("up:") {
                let (from, to) =
                    up.split_once("->").ok_or_else(|| format!("{PAGE}: no arrow in {line:?}"))?;
                layers.allowed.insert((from.trim().to_owned(), to.trim().to_owned()));
                continue;
            }
            layers.rank.extend(line.split_whitespace().map(|module| (module.to_owned(), rank)));
        }
        Ok(layers)
    }

    fn faults(&self, uses: &Uses) -> Vec<String> {
        let mut faults = Vec::new();
        for ((from, to), files) in uses {
            let (Some(above), Some(below)) = (self.rank.get(from), self.rank.get(to)) else {
                for module in [from, to].into_iter().filter(|name| !self.rank.contains_key(*name)) {
                    faults.push(format!("`{module}` is in no layer"));
                }
                continue;
            };
            let allowed = self.allowed.contains(&(from.clone(), to.clone()));
            if above <= below && !allowed {
                let files: Vec<&str> = files.iter().map(String::as_str).collect();
                faults.push(format!("`{from}` uses `{to}`: {}", files.join(", ")));
            }
        }
        for arrow in &self.allowed {
            let (from, to) = arrow;
            let below = self.rank.get(from) > self.rank.get(to);
            if !uses.contains_key(arrow) || below {
                faults.push(format!("`up: {from} -> {to}` is needed no more"));
            }
        }
        faults.dedup();
        faults
    }
}

/// Finds which modules of the crate use which, apart from tests.
fn uses(sources: &Path) -> Result<Uses> {
    let files = files(sources)?;
    let modules: BTreeSet<String> =
        files.iter().filter_map(|file| module_of(file.strip_prefix(sources).ok()?)).collect();
    let names = names_of_root(tokens(&sources.join("lib.rs"))?, &modules);
    let mut uses = Uses::new();
    for file in &files {
        let here = file.strip_prefix(sources).unwrap_or(file);
        let Some(from) = module_of(here) else { continue };
        let mut found = BTreeSet::new();
        after_crate(tokens(file)?, &mut found);
        for name in found {
            let to = if modules.contains(&name) { Some(&name) } else { names.get(&name) };
            if let Some(to) = to.filter(|to| **to != from) {
                let file = here.display().to_string();
                uses.entry((from.clone(), to.clone())).or_default().insert(file);
            }
        }
    }
    Ok(uses)
}

/// Returns the top-level module that a file belongs to; `None` for `lib.rs`.
fn module_of(file: &Path) -> Option<String> {
    let first = file.components().next()?.as_os_str().to_str()?;
    let module = first.strip_suffix(".rs").unwrap_or(first);
    (module != "lib").then(|| module.to_owned())
}

/// Collects the names behind `crate::`, also those of a list in braces.
fn after_crate(tokens: Vec<TokenTree>, found: &mut BTreeSet<String>) {
    let mut before = [String::new(), String::new(), String::new()];
    for token in tokens {
        let follows = before == ["crate", ":", ":"];
        match &token {
            TokenTree::Ident(name) if follows => {
                found.insert(name.to_string());
            }
            TokenTree::Group(list) if follows => {
                found.extend(first_names(list.stream()));
            }
            TokenTree::Group(inner) => after_crate(without_tests(inner.stream()), found),
            _ => {}
        }
        before.rotate_left(1);
        before[2] = match token {
            TokenTree::Group(_) => String::new(),
            other => other.to_string(),
        };
    }
}

/// Returns the first name of each path in a list.
fn first_names(list: TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    let mut first = true;
    for token in list {
        match token {
            TokenTree::Ident(name) if first => {
                names.push(name.to_string());
                first = false;
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' => first = true,
            _ => first = false,
        }
    }
    names
}

/// Returns the names that the root re-exports, each with the module that it comes from.
fn names_of_root(tokens: Vec<TokenTree>, modules: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        if token.to_string() != "use" {
            continue;
        }
        let path: Vec<TokenTree> = tokens.by_ref().take_while(|t| t.to_string() != ";").collect();
        let Some(module) = path.first().map(ToString::to_string) else { continue };
        if !modules.contains(&module) {
            continue;
        }
        let given = match path.last() {
            Some(TokenTree::Group(list)) => first_names(list.stream()),
            Some(last) => vec![last.to_string()],
            None => Vec::new(),
        };
        names.extend(given.into_iter().map(|name| (name, module.clone())));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str) -> Vec<String> {
        let mut found = BTreeSet::new();
        after_crate(without_tests(code.parse().unwrap()), &mut found);
        found.into_iter().collect()
    }

    fn layers() -> Layers {
        Layers::read("text\n```layers\nground\nleft right\ntop\nup: ground -> top\n```\n").unwrap()
    }

    fn uses(pairs: &[(&str, &str)]) -> Uses {
        let file = || BTreeSet::from(["file.rs".to_owned()]);
        pairs.iter().map(|(from, to)| (((*from).to_owned(), (*to).to_owned()), file())).collect()
    }

    #[test]
    fn names_are_found_in_lists_in_paths_and_in_macros() {
        let code = "use crate::{One, two::{Inner, crate_like}, three as other};
            fn f() { let x = crate::four::g(); write!(f, \"{}\", crate::Five)?; }
            #[cfg(test)] use crate::six;
            #[cfg(all(test, shuttle))] mod tests { use crate::seven; }
            #[cfg(not(test))] use crate::eight; // crate::nine
            /// crate::ten
            struct S;";
        assert_eq!(found(code), ["Five", "One", "eight", "four", "three", "two"]);
    }

    #[test]
    fn the_root_says_where_its_names_come_from() {
        let code = "mod a; pub use a::{One, Two}; pub use a::b::Three; use other::Four;";
        let modules = BTreeSet::from(["a".to_owned()]);
        let names =
            names_of_root(code.parse::<TokenStream>().unwrap().into_iter().collect(), &modules);
        let names: Vec<&str> = names.keys().map(String::as_str).collect();
        assert_eq!(names, ["One", "Three", "Two"]);
    }

    #[test]
    fn arrows_run_down_but_for_those_that_are_allowed() {
        let allowed = ("ground", "top");
        assert!(
            layers().faults(&uses(&[allowed, ("top", "left"), ("right", "ground")])).is_empty()
        );
        let faults = layers().faults(&uses(&[allowed, ("left", "top")]));
        assert_eq!(faults, ["`left` uses `top`: file.rs"]);
        let faults = layers().faults(&uses(&[allowed, ("left", "right")]));
        assert_eq!(faults, ["`left` uses `right`: file.rs"]);
    }

    #[test]
    fn what_is_allowed_for_nothing_is_a_fault_and_so_is_a_module_without_a_layer() {
        let faults = layers().faults(&uses(&[]));
        assert_eq!(faults, ["`up: ground -> top` is needed no more"]);
        let faults = layers().faults(&uses(&[("ground", "top"), ("new", "ground")]));
        assert_eq!(faults, ["`new` is in no layer"]);
        assert!(Layers::read("no block").is_err());
    }

    #[test]
    fn the_core_keeps_its_layers() {
        check(&crate::root()).unwrap();
    }
}
