//! Makes one function of each Rust block of `README.md` and `docs/*.md`, and of each row of the tables that say
//! what to write instead of another client's code.

use std::{env, error::Error, fmt::Write, fs, path::Path};

/// The last column of the tables whose rows are code.
const INSTEAD: &str = "what you write";
/// The document whose blocks end by themselves, so that a test can run them.
const RUN: &str = "queues";

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut documents = vec![root.join("README.md")];
    for entry in fs::read_dir(root.join("docs"))? {
        documents.push(entry?.path());
    }
    documents.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    // Its code is compiled and run as `examples/production.rs`.
    documents.retain(|path| !path.ends_with("docs/production.md"));
    documents.sort();
    let mut code = String::new();
    let mut run = String::new();
    let mut blocks = 0;
    let mut rows = 0;
    for document in documents {
        println!("cargo::rerun-if-changed={}", document.display());
        let stem = document.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        let text = fs::read_to_string(&document)?;
        let found = rust_blocks(&text);
        blocks += found.len();
        // Tables of a page without any Rust are about another language.
        let from_rust = text.contains("redmux::");
        let table = if from_rust { table_rows(&text)? } else { Vec::new() };
        rows += table.len();
        for (line, block) in found.into_iter().chain(table) {
            let name = format!("{}_{line}", stem.replace('-', "_"));
            if stem == RUN {
                writeln!(run, "{name}(muxer.clone(), db.clone()).await?;")?;
            }
            writeln!(
                code,
                "/// {}, line {line}\npub async fn {name}(muxer: ConnectionMultiplexer, db: Database) -> Result<(), Box<dyn std::error::Error>> {{\n{block}\nOk(())\n}}\n",
                document.display(),
            )?;
        }
    }
    if run.is_empty() {
        return Err(format!("{RUN}.md has no block of Rust").into());
    }
    writeln!(
        code,
        "/// Runs the blocks of {RUN}.md, one after the other.\npub async fn {RUN}(muxer: ConnectionMultiplexer, db: Database) -> Result<(), Box<dyn std::error::Error>> {{\n{run}Ok(())\n}}"
    )?;
    if blocks == 0 || rows == 0 {
        return Err(format!("{blocks} blocks of Rust and {rows} rows in the documents").into());
    }
    println!("cargo::rerun-if-changed={}", root.join("docs").display());
    fs::write(Path::new(&env::var("OUT_DIR")?).join("blocks.rs"), code)?;
    Ok(())
}

/// Each with the number of its first line. Blocks marked otherwise (`rust,ignore`) are left out.
fn rust_blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match &mut block {
            Some(_) if line.trim_end() == "```" => blocks.extend(block.take()),
            Some((_, code)) => {
                code.push_str(line);
                code.push('\n');
            }
            None if line.trim_end() == "```rust" => block = Some((number + 2, String::new())),
            None => {}
        }
    }
    blocks
}

/// The code of each row: what is between backticks in its last column, as statements.
///
/// A row without code says where to look, with a link.
fn table_rows(text: &str) -> Result<Vec<(usize, String)>, String> {
    let mut rows = Vec::new();
    let mut in_table = false;
    for (number, line) in text.lines().enumerate() {
        let Some(line) = line.strip_prefix('|') else {
            in_table = false;
            continue;
        };
        // A bar within code is written with a backslash.
        let line = line.trim_end().trim_end_matches('|').replace("\\|", "\u{0}");
        let last = line.rsplit('|').next().unwrap_or_default().trim().replace('\u{0}', "|");
        if last == INSTEAD {
            in_table = true;
        } else if in_table && !last.starts_with("---") {
            let spans = last.split('`').skip(1).step_by(2);
            let code: String = spans.filter(|span| span.ends_with([';', '}'])).collect();
            if !code.is_empty() {
                rows.push((number + 1, code));
            } else if !last.contains("](") {
                return Err(format!("line {} has neither code nor a link: {last}", number + 1));
            }
        }
    }
    Ok(rows)
}
