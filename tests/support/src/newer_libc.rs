//! A newer C library than the system's, for programs that are built for one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use crate::dir::TempDir;
use crate::install::{make_executable, place, run};

/// The release of Debian that has it, and the packages.
const RELEASE: &str = "trixie";
const PACKAGES: [&str; 3] = ["libc6", "libgcc-s1", "libstdc++6"];

/// Where the packages have what a program needs.
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";
const LOADER: &str = "ld-linux-x86-64.so.2";

/// The program itself if the system can run it, or else a script beside it that starts it with the libraries of a newer
/// release, which are kept in `dir`.
pub(crate) fn runnable(program: PathBuf, dir: &Path) -> io::Result<PathBuf> {
    make_executable(&program)?;
    if runs(&program) {
        return Ok(program);
    }
    let launcher = program.with_extension("launch");
    // One that was copied here starts what is elsewhere.
    if !runs(&launcher) {
        let home = dir.join(format!("libc-{RELEASE}"));
        if !home.exists() {
            install(&home)?;
        }
        let libraries = home.join(LIBRARIES);
        let script = format!(
            "#!/bin/sh\nexec '{}' --library-path '{}' '{}' \"$@\"\n",
            libraries.join(LOADER).display(),
            libraries.display(),
            program.display(),
        );
        // In one step, so that no other process runs half of it.
        let part = program.with_extension(format!("launch-{}", std::process::id()));
        fs::write(&part, script)?;
        make_executable(&part)?;
        fs::rename(part, &launcher)?;
    }
    match runs(&launcher) {
        true => Ok(launcher),
        false => Err(io::Error::other(format!("{} does not run", launcher.display()))),
    }
}

fn runs(program: &Path) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Unpacks the packages into a directory. The system's own packages stay as they are.
fn install(home: &Path) -> io::Result<()> {
    let apt = Apt::new()?;
    run(apt.get().arg("update"))?;
    run(apt.get().arg("download").args(PACKAGES))?;
    let part = home.with_extension(format!("part-{}", std::process::id()));
    fs::create_dir_all(&part)?;
    for entry in fs::read_dir(apt.dir.path())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg").arg("-x").arg(&path).arg(&part))?;
        }
    }
    let loader = part.join(LIBRARIES).join(LOADER);
    if !loader.exists() {
        return Err(io::Error::other(format!("{PACKAGES:?} have no {LOADER}")));
    }
    make_executable(&loader)?;
    place(&part, home)
}

/// An apt with the sources of the system for another release, and lists and a cache of its own
struct Apt {
    dir: TempDir,
}

impl Apt {
    fn new() -> io::Result<Self> {
        let dir = TempDir::new()?;
        for name in ["lists/partial", "archives/partial"] {
            fs::create_dir_all(dir.path().join(name))?;
        }
        fs::write(dir.path().join("sources.list"), sources()?)?;
        Ok(Self { dir })
    }

    fn get(&self) -> Command {
        let path = |name: &str| self.dir.path().join(name).display().to_string();
        let mut apt = Command::new("apt-get");
        apt.current_dir(self.dir.path()).arg("--quiet=2");
        for (option, value) in [
            ("Dir::Etc::SourceList", path("sources.list")),
            ("Dir::Etc::SourceParts", "-".to_owned()),
            ("Dir::State::Lists", path("lists")),
            ("Dir::Cache", path("cache")),
            ("Dir::Cache::Archives", path("archives")),
            // The directory is this user's alone.
            ("APT::Sandbox::User", String::new()),
            ("Acquire::IndexTargets::deb::DEP-11::DefaultEnabled", "false".to_owned()),
            ("Acquire::Languages", "none".to_owned()),
        ] {
            apt.arg("-o").arg(format!("{option}={value}"));
        }
        apt
    }
}

/// Where the system has its packages from, for the other release.
fn sources() -> io::Result<String> {
    let format = "$(CREATED_BY) $(RELEASE) $(COMPONENT) $(REPO_URI)";
    let listed = run(Command::new("apt-get").args(["indextargets", "--format", format]))?;
    let system = fs::read_to_string("/etc/os-release")?;
    let codename = system.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let own = format!("Packages {} main ", codename.unwrap_or_default());
    let mut addresses: Vec<&str> =
        listed.lines().filter_map(|line| line.strip_prefix(&own)).collect();
    addresses.dedup();
    if !system.lines().any(|line| line == "ID=debian") || addresses.is_empty() {
        return Err(io::Error::other("the C library is too old, and apt has no sources of Debian"));
    }
    Ok(addresses.iter().map(|address| format!("deb {address} {RELEASE} main\n")).collect())
}
