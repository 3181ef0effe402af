//! Makes one function of each Rust block of `README.md` and `docs/*.md`.

use std::{env, error::Error, fmt::Write, fs, path::Path};

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
    let mut blocks = 0;
    for document in documents {
        println!("cargo::rerun-if-changed={}", document.display());
        let stem = document.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        let text = fs::read_to_string(&document)?;
        for (line, block) in rust_blocks(&text) {
            writeln!(
                code,
                "/// {}, line {line}\npub async fn {}_{line}(muxer: ConnectionMultiplexer, db: Database) -> Result<(), Box<dyn std::error::Error>> {{\n{block}\nOk(())\n}}\n",
                document.display(),
                stem.replace('-', "_"),
            )?;
            blocks += 1;
        }
    }
    if blocks == 0 {
        return Err("no document has a block of Rust".into());
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
