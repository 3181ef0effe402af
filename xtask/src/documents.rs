//! The files of the project that are written for a reader.

use std::fs;
use std::path::{Path, PathBuf};

use crate::exec::Result;

/// Folders of what others wrote, or what is built.
const SKIPPED: &[&str] = &[
    ".git",
    "target",
    "node_modules",
    "pkg",
    "cjs",
    "esm",
    "bundle",
    "corpus",
    "artifacts",
    "work",
];

/// A document, with its place in the repository
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) place: String,
    pub(crate) text: String,
}

/// Returns every file below a folder, in the order of their paths.
pub(crate) fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect(dir, &mut files)?;
    Ok(files)
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries = fs::read_dir(dir)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        // A link to a folder, such as `node_modules`, is not followed.
        if !entry.file_type()?.is_dir() {
            files.push(entry.path());
        } else if !SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

/// Returns every file below a folder of the repository whose name ends so, in the order of their places.
pub(crate) fn all(root: &Path, folder: &str, extension: &str) -> Result<Vec<Document>> {
    let mut found = Vec::new();
    for path in files(&root.join(folder))? {
        if path.extension().is_some_and(|end| end == extension) && path.is_file() {
            let place = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            found.push(Document { place, text: fs::read_to_string(&path)? });
        }
    }
    Ok(found)
}

/// Returns the lines of a Markdown text, without what is in fenced blocks: an empty line is in the place of each.
pub(crate) fn without_blocks(text: &str) -> Vec<&str> {
    let mut fence = None;
    text.lines()
        .map(|line| {
            let start = line.trim_start();
            let ticks = start.len() - start.trim_start_matches('`').len();
            match fence {
                Some(open) if ticks >= open && start.len() == ticks => fence = None,
                None if ticks >= 3 => fence = Some(ticks),
                None => return line,
                Some(_) => {}
            }
            ""
        })
        .collect()
}

/// Whether a word is a day such as 2026-11-30
pub(crate) fn is_day(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let number = |at: usize, digits: usize| -> Option<u32> {
        parts.get(at).filter(|part| part.len() == digits)?.parse().ok()
    };
    parts.len() == 3
        && number(0, 4).is_some_and(|year| year >= 2026)
        && number(1, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(2, 2).is_some_and(|day| (1..=31).contains(&day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_left_out_and_lines_keep_their_numbers() {
        let text = "a\n```sh\nb\n```\nc\n  ````\n```\nd\n````\n`e`";
        assert_eq!(without_blocks(text), ["a", "", "", "", "c", "", "", "", "", "`e`"]);
    }
}
