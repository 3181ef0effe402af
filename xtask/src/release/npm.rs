//! The tarball of the npm package.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::crates;
use super::project::Project;
use crate::exec::{self, Result};
use crate::{packages, tools};

/// Bytes that the tarball may have: two builds of wasm, each as a file and twice as text, have most of about 2,900,000.
const CEILING: u64 = 3_200_000;
const LIMIT: Duration = Duration::from_secs(300);

/// Packs the package, which must be built, and looks at it as bundlers and compilers do; returns the tarball.
pub(crate) fn pack(project: &Project) -> Result<PathBuf> {
    packages::install(packages::TOOLS)?;
    let to = crate::target_dir().join("package");
    fs::create_dir_all(&to)?;
    let mut npm = packages::npm(packages::WWW)?;
    npm.args(["pack", "--silent", "--pack-destination"]).arg(&to);
    exec::output(&mut npm, LIMIT)?;
    let tarball = to.join(format!("redmux-{}.tgz", project.version));
    let (size, files) = (fs::metadata(&tarball)?.len(), crates::files(&tarball)?);
    let found = faults(&files, size);
    if !found.is_empty() {
        return Err(format!("{}: {}", tarball.display(), found.join("; ")).into());
    }
    println!("  {:<26} {:>4} files {size:>8} bytes", "npm package", files.len());
    let programs = packages::dir(packages::TOOLS).join("node_modules/.bin");
    for (program, args) in [("publint", &["run", "--strict"][..]), ("attw", &["--format", "ascii"])]
    {
        let mut command = Command::new(tools::node()?);
        command.arg(programs.join(program)).args(args).arg(&tarball);
        exec::output(&mut command, LIMIT)?;
    }
    Ok(tarball)
}

fn faults(files: &[String], size: u64) -> Vec<String> {
    let wanted = [
        "package.json",
        "README.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "THIRD-PARTY-LICENSES.txt",
        "pkg/redmux_wasm_bg.wasm",
        "pkg/redmux_server_bg.wasm",
        "esm/index.js",
        "cjs/node.cjs",
        "src/index.d.ts",
    ];
    let has = |name: &str| files.iter().any(|file| file.strip_prefix("package/") == Some(name));
    let missing = wanted.iter().filter(|name| !has(name));
    let mut found: Vec<String> = missing.map(|name| format!("{name} is missing")).collect();
    let folders = ["test/", "demo/", "console/", "types/", "wasm/", "node_modules/"];
    let is_private = |file: &&String| {
        folders
            .iter()
            .any(|folder| file.strip_prefix("package/").is_some_and(|f| f.starts_with(folder)))
    };
    found.extend(files.iter().filter(is_private).map(|file| format!("{file} is in it")));
    if size > CEILING {
        found.push(format!("it has {size} bytes, more than {CEILING}"));
    }
    found
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_package_without_its_wasm_is_refused() {
        let names = [
            "package.json",
            "README.md",
            "LICENSE-MIT",
            "LICENSE-APACHE",
            "THIRD-PARTY-LICENSES.txt",
            "pkg/redmux_wasm_bg.wasm",
            "pkg/redmux_server_bg.wasm",
            "esm/index.js",
            "cjs/node.cjs",
            "src/index.d.ts",
        ];
        let mut files = names.map(|name| format!("package/{name}")).to_vec();
        assert_eq!(super::faults(&files, 1000), [""; 0]);
        assert_eq!(super::faults(&files, super::CEILING + 1).len(), 1);
        files.push("package/test/unit/a.test.js".to_owned());
        assert_eq!(super::faults(&files, 1000), ["package/test/unit/a.test.js is in it"]);
        files.remove(5);
        assert_eq!(super::faults(&files, 1000)[0], "pkg/redmux_wasm_bg.wasm is missing");
    }
}
