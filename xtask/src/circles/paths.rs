//! Reads the paths of a file and what they lead to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::TokenTree;

use crate::sources;

/// Names from the crate's root to a module or an item
pub(super) type Names = Vec<String>;

/// One file
#[derive(Debug, Default)]
pub(super) struct Module {
    /// Its path below the folder of sources, for people.
    pub(super) shown: String,
    /// What names that the file imports stand for.
    pub(super) imports: BTreeMap<String, Names>,
    /// What all its paths lead to, imports included.
    pub(super) paths: BTreeSet<Names>,
    /// The modules that it imports as a whole (`*`).
    pub(super) globs: BTreeSet<Names>,
    /// Imports that it hands on (`pub use`): it uses them only if it names them once more.
    pub(super) handed_on: BTreeMap<String, Names>,
    /// All other words.
    pub(super) words: BTreeSet<String>,
}

/// Returns the names of the module that a file contains.
pub(super) fn module_of(file: &Path) -> Names {
    let without = file.with_extension("");
    let names = without.iter().map(|name| name.to_string_lossy().into_owned());
    let mut names: Names = names.collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        names.pop();
    }
    names
}

impl Module {
    pub(super) fn read(&mut self, here: &[String], tokens: Vec<TokenTree>) {
        // Names first: a path may begin with one that is imported below it.
        self.read_imports(here, &tokens);
        self.read_paths(here, &tokens);
    }

    fn read_imports(&mut self, here: &[String], tokens: &[TokenTree]) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Ident(word) if word == "use" => {
                    let end = at + end_of_use(&tokens[at..]);
                    let public = is_public(&tokens[..at - 1]);
                    self.import(here, &Names::new(), &tokens[at..end], public);
                    at = end;
                }
                TokenTree::Group(group) => {
                    let here = within(here, &tokens[..at - 1]);
                    self.read_imports(&here, &sources::without_tests(group.stream()));
                }
                _ => {}
            }
        }
    }

    /// Reads one tree of a `use`, behind the names that are before it.
    fn import(&mut self, here: &[String], before: &Names, tree: &[TokenTree], public: bool) {
        let mut path = before.clone();
        let mut tokens = tree.iter();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    let name = tokens.next().map(ToString::to_string).unwrap_or_default();
                    return self.imported(here, path, name, public);
                }
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Group(list) => {
                    let list: Vec<TokenTree> = list.stream().into_iter().collect();
                    for tree in list.split(|token| token.to_string() == ",") {
                        self.import(here, &path, tree, public);
                    }
                    return;
                }
                TokenTree::Punct(punct) if punct.as_char() == '*' => {
                    return self.imported(here, path, "*".to_owned(), public);
                }
                _ => {}
            }
        }
        if let Some(name) = path.last().cloned() {
            self.imported(here, path, name, public);
        }
    }

    fn imported(&mut self, here: &[String], path: Names, name: String, public: bool) {
        let path = absolute(here, &path).unwrap_or_else(|| [here, &path].concat());
        if name == "*" {
            self.globs.insert(path);
        } else {
            if public {
                self.handed_on.insert(name.clone(), path.clone());
            } else {
                self.paths.insert(path.clone());
            }
            self.imports.insert(name, path);
        }
    }

    /// Reads what is written as a path outside of `use`.
    fn read_paths(&mut self, here: &[String], tokens: &[TokenTree]) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Ident(word) if word == "use" => at += end_of_use(&tokens[at..]),
                TokenTree::Group(group) => {
                    let here = within(here, &tokens[..at - 1]);
                    self.read_paths(&here, &sources::without_tests(group.stream()));
                }
                TokenTree::Ident(first) => {
                    let mut path = vec![first.to_string()];
                    self.words.insert(first.to_string());
                    while is_colon(tokens.get(at)) && is_colon(tokens.get(at + 1)) {
                        let Some(TokenTree::Ident(name)) = tokens.get(at + 2) else { break };
                        path.push(name.to_string());
                        at += 3;
                    }
                    if path.len() > 1 {
                        let known = absolute(here, &path).or_else(|| {
                            let import = self.imports.get(&path[0])?;
                            Some([import, &path[1..]].concat())
                        });
                        self.paths.insert(known.unwrap_or_else(|| [here, &path].concat()));
                    }
                }
                _ => {}
            }
        }
    }
}

/// Whether what follows these tokens is public, to the crate at least.
fn is_public(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Ident(word)] => word == "pub",
        [.., TokenTree::Ident(word), TokenTree::Group(_)] => word == "pub",
        _ => false,
    }
}

/// Returns the number of tokens up to the semicolon that ends a `use`.
fn end_of_use(tokens: &[TokenTree]) -> usize {
    tokens.iter().position(|token| token.to_string() == ";").unwrap_or(tokens.len())
}

/// Returns the module inside a group of tokens: that of the `mod` before the group, if there is
/// one.
fn within(here: &[String], before: &[TokenTree]) -> Names {
    match before {
        [.., TokenTree::Ident(word), TokenTree::Ident(name)] if word == "mod" => {
            [here, &[name.to_string()]].concat()
        }
        _ => here.to_vec(),
    }
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

/// Returns the path from the root, if the path begins with `crate`, `self` or `super`.
fn absolute(here: &[String], path: &[String]) -> Option<Names> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([here, rest].concat()),
        "super" => {
            let parent = &here[..here.len().saturating_sub(1)];
            absolute(parent, rest).or_else(|| Some([parent, rest].concat()))
        }
        _ => None,
    }
}
