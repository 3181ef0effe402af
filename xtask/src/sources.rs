//! Reads the sources of a crate as tokens, without their tests.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::exec::Result;

/// Returns the source files below `dir`, apart from those of tests.
pub(crate) fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect(dir, &mut files)?;
    Ok(files)
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// Returns the tokens of a file without its tests.
pub(crate) fn tokens(file: &Path) -> Result<Vec<TokenTree>> {
    let text = fs::read_to_string(file)?;
    let tokens: TokenStream =
        text.parse().map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(without_tests(tokens))
}

/// Returns the tokens without the items under `#[cfg(…test…)]`.
pub(crate) fn without_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_hash = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        if is_hash && tokens.peek().is_some_and(is_test) {
            // The item ends with a body or a semicolon.
            let ends = |token: &TokenTree| match token {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                TokenTree::Punct(punct) => punct.as_char() == ';',
                _ => false,
            };
            while tokens.next().is_some_and(|token| !ends(&token)) {}
            continue;
        }
        kept.push(token);
    }
    kept
}

/// Returns whether these are the brackets of a `cfg(test)`, alone or among other conditions.
fn is_test(brackets: &TokenTree) -> bool {
    let text = brackets.to_string().replace(' ', "");
    let mut words = text.split(|letter: char| !letter.is_alphanumeric());
    text.starts_with("[cfg(") && !text.contains("not(test)") && words.any(|word| word == "test")
}
