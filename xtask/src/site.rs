//! Makes a site of the documents.

use std::process::Command;

use crate::exec::{self, Result};
use crate::{packages, tools};

/// Builds the site into `target/docs` and checks its links; with `serve`, then serves it until Ctrl-C.
pub(crate) fn run(serve: bool, port: Option<u16>) -> Result<()> {
    packages::install(packages::SITE)?;
    let mut command = command()?;
    if serve {
        command.arg("--serve");
    }
    if let Some(port) = port {
        command.env("PORT", port.to_string());
    }
    let status = command.status().map_err(|e| format!("cannot run the builder: {e}"))?;
    exec::check_interrupted()?;
    match status.success() {
        true => Ok(()),
        false => Err("the site could not be built, or its links are wrong".into()),
    }
}

/// Returns the script that builds and checks; its packages are installed.
pub(crate) fn command() -> Result<Command> {
    let mut command = Command::new(tools::node()?);
    command.arg(packages::dir(packages::SITE).join("build.mjs"));
    command.env("REDMUX_SITE", crate::target_dir());
    Ok(command)
}

/// Returns the tests of what checks links.
pub(crate) fn tests() -> Result<Command> {
    let mut command = Command::new(tools::node()?);
    command.arg("--test").arg(packages::dir(packages::SITE));
    Ok(command)
}

#[cfg(test)]
mod tests {
    use std::fs;

    /// `links.test.mjs` looks at the other pages, too. This one runs wherever the project's own tasks are tested.
    #[test]
    fn the_map_in_the_readme_names_every_document() {
        let readme = fs::read_to_string(crate::root().join("README.md")).expect("README.md");
        let map = readme.split("\n## Documents\n").nth(1).expect("the section Documents");
        let map = map.split("\n## ").next().unwrap_or(map);
        let documents = fs::read_dir(crate::root().join("docs")).expect("docs");
        let names = documents.map(|entry| entry.expect("a file").file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        let missing: Vec<String> = names
            .filter(|name| name.ends_with(".md") && !map.contains(&format!("](docs/{name})")))
            .collect();
        assert!(missing.is_empty(), "README.md, \"Documents\", does not name {missing:?}");
    }
}
