//! Finds the programs that the tasks need, and installs what is missing.
//!
//! A line names the place of each program that is found, or the command that installs it. A task
//! that cannot get a program fails and says what to install.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redmux_test_support::find_program;

use crate::exec::{self, Result, say};

const APT_LIMIT: Duration = Duration::from_secs(900);

/// A program that tasks run.
struct Tool {
    what: &'static str,
    /// An environment variable that names the program instead.
    variable: &'static str,
    programs: &'static [&'static str],
    debian: &'static [&'static str],
}

const REDIS: Tool = Tool {
    what: "Redis server",
    variable: "REDIS_SERVER",
    programs: &["redis-server", "valkey-server"],
    debian: &["redis-server"],
};
const CHROMIUM: Tool = Tool {
    what: "Chromium",
    variable: "CHROMIUM",
    programs: &["chromium", "chromium-browser", "google-chrome"],
    debian: &["chromium"],
};
const FIREFOX: Tool = Tool {
    what: "Firefox",
    variable: "FIREFOX",
    programs: &["firefox-esr", "firefox"],
    debian: &["firefox-esr"],
};
const WEBKIT_DRIVER: Tool = Tool {
    what: "the driver of WebKitGTK",
    variable: "WEBKIT_DRIVER",
    programs: &["WebKitWebDriver"],
    debian: &["webkit2gtk-driver"],
};
const XVFB: Tool = Tool { what: "Xvfb", variable: "XVFB", programs: &["Xvfb"], debian: &["xvfb"] };
/// The programs of `tests/proxies`.
const PROXIES: [Tool; 4] = [
    Tool { what: "haproxy", variable: "HAPROXY", programs: &["haproxy"], debian: &["haproxy"] },
    Tool {
        what: "nginx",
        variable: "NGINX",
        programs: &["nginx"],
        debian: &["nginx", "libnginx-mod-stream"],
    },
    Tool {
        what: "stunnel",
        variable: "STUNNEL",
        programs: &["stunnel4", "stunnel"],
        debian: &["stunnel4"],
    },
    Tool {
        what: "twemproxy",
        variable: "TWEMPROXY",
        programs: &["nutcracker"],
        debian: &["nutcracker"],
    },
];
const NGINX_STREAMS: &str = "/usr/lib/nginx/modules/ngx_stream_module.so";
const WEBSOCKIFY: Tool = Tool {
    what: "websockify",
    variable: "WEBSOCKIFY",
    programs: &["websockify"],
    debian: &["websockify"],
};
const NODE: Tool =
    Tool { what: "Node.js", variable: "NODE", programs: &["node"], debian: &["nodejs"] };
const NPM: Tool = Tool { what: "npm", variable: "NPM", programs: &["npm"], debian: &["npm"] };

const VALGRIND: Tool =
    Tool { what: "Valgrind", variable: "VALGRIND", programs: &["valgrind"], debian: &["valgrind"] };
const STRACE: Tool =
    Tool { what: "strace", variable: "STRACE", programs: &["strace"], debian: &["strace"] };
const OPENSSL: Tool =
    Tool { what: "OpenSSL", variable: "OPENSSL", programs: &["openssl"], debian: &["openssl"] };

const CLANG: Tool =
    Tool { what: "clang", variable: "CLANG", programs: &["clang"], debian: &["clang"] };
const LLVM_AR: Tool =
    Tool { what: "llvm-ar", variable: "LLVM_AR", programs: &["llvm-ar"], debian: &["llvm"] };

/// Finds or installs the compiler and the archiver that build C for WebAssembly.
pub(crate) fn clang() -> Result<(PathBuf, PathBuf)> {
    Ok((CLANG.find_or_install()?, LLVM_AR.find_or_install()?))
}

/// Finds or installs pip, which installs newer servers than distributions have.
pub(crate) fn pip() -> Result<()> {
    let version = || {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "--version"]);
        exec::output(&mut pip, Duration::from_secs(60))
    };
    if version().is_err() {
        apt_install("pip", &["python3", "python3-pip"])?;
    }
    let text = version()?;
    say(&format!("found {}", text.split(" from ").next().unwrap_or_default().trim()));
    Ok(())
}

/// Finds or installs what counts the instructions and system calls of a benchmark.
pub(crate) fn counters() -> Result<()> {
    VALGRIND.find_or_install()?;
    STRACE.find_or_install()?;
    Ok(())
}

/// Finds or installs a Redis or Valkey server.
pub(crate) fn redis() -> Result<PathBuf> {
    REDIS.find_or_install()
}

/// Finds or installs Chromium.
pub(crate) fn chromium() -> Result<PathBuf> {
    CHROMIUM.find_or_install()
}

/// Sets the variables that tell a script of `www/test` where the browsers are
/// (`engines/launch.mjs`).
pub(crate) fn browsers(script: &mut Command) -> Result<()> {
    script.env("CHROMIUM", chromium()?).env("FIREFOX", FIREFOX.find_or_install()?);
    script.env("WEBKIT_DRIVER", WEBKIT_DRIVER.find_or_install()?);
    script.env("WEBKIT_BROWSER", webkit_browser()?).env("XVFB", XVFB.find_or_install()?);
    Ok(())
}

/// Finds WebKitGTK's browser, which Debian installs beside the library and not in `PATH`.
fn webkit_browser() -> Result<PathBuf> {
    if let Some(path) = env::var_os("WEBKIT_BROWSER") {
        return Ok(path.into());
    }
    let libraries = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut places = libraries.flat_map(|arch| {
        ["webkitgtk-6.0", "webkit2gtk-4.1", "webkit2gtk-4.0"]
            .map(|version| arch.path().join(version).join("MiniBrowser"))
    });
    places.find(|place| place.exists()).ok_or_else(|| {
        "found no MiniBrowser of WebKitGTK below /usr/lib; install webkit2gtk-driver, or name it \
         in WEBKIT_BROWSER"
            .into()
    })
}

/// Finds or installs haproxy, nginx with its stream module, stunnel and twemproxy.
pub(crate) fn proxies() -> Result<()> {
    for proxy in &PROXIES {
        proxy.find_or_install()?;
    }
    if !Path::new(NGINX_STREAMS).exists() {
        apt_install("the streams of nginx", &["libnginx-mod-stream"])?;
    }
    Ok(())
}

/// Finds or installs OpenSSL's program, which makes certificates.
pub(crate) fn openssl() -> Result<PathBuf> {
    OPENSSL.find_or_install()
}

/// Finds or installs websockify.
pub(crate) fn websockify() -> Result<PathBuf> {
    WEBSOCKIFY.find_or_install()
}

/// Finds or installs Node.js.
pub(crate) fn node() -> Result<PathBuf> {
    NODE.find_or_install()
}

/// Finds or installs npm.
pub(crate) fn npm() -> Result<PathBuf> {
    NPM.find_or_install()
}

/// Finds or installs rustfmt and clippy, which a minimal toolchain lacks.
pub(crate) fn rust_components() -> Result<()> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        let version = || {
            let mut command = exec::cargo();
            command.args([subcommand, "--version"]);
            exec::output(&mut command, Duration::from_secs(60))
        };
        if let Ok(text) = version() {
            say(&format!("found {}", text.trim()));
            continue;
        }
        exec::check_interrupted()?;
        say(&format!("installing {component}: rustup component add {component}"));
        let mut rustup = Command::new("rustup");
        rustup.args(["component", "add", component]);
        exec::output(&mut rustup, Duration::from_secs(300))?;
        version()?;
    }
    Ok(())
}

impl Tool {
    fn find_or_install(&self) -> Result<PathBuf> {
        if let Some(path) = self.find() {
            say(&format!("found {} at {}", self.what, path.display()));
            return Ok(path);
        }
        apt_install(self.what, self.debian)?;
        self.find().ok_or_else(|| {
            let (packages, names) = (self.debian.join(" "), self.programs.join(" or "));
            format!("installed {packages}, but found no {names} on PATH").into()
        })
    }

    fn find(&self) -> Option<PathBuf> {
        env::var_os(self.variable).map(PathBuf::from).or_else(|| find_program(self.programs))
    }
}

/// Installs Debian packages, after refreshing the package lists once.
pub(crate) fn apt_install(what: &str, packages: &[&str]) -> Result<()> {
    let packages_text = packages.join(" ");
    let by_hand = |why: &str| {
        format!(
            "{what} is missing and cannot be installed here ({why}); install it, \
             on Debian with: apt-get install {packages_text}"
        )
    };
    let Some(apt) = find_program(&["apt-get"]) else {
        return Err(by_hand("no apt-get on this system").into());
    };
    let mut prefix = Vec::new();
    if !rustix::process::geteuid().is_root() {
        let sudo = find_program(&["sudo"]).ok_or_else(|| by_hand("not root, and no sudo"))?;
        let mut probe = Command::new(&sudo);
        probe.args(["-n", "true"]);
        exec::check_interrupted()?;
        if exec::output(&mut probe, Duration::from_secs(10)).is_err() {
            return Err(by_hand("not root, and sudo asks for a password").into());
        }
        prefix.extend([sudo.into_os_string(), "-n".into()]);
    }
    let run = |args: &[&str]| -> Result<()> {
        // `env` sets the variables behind sudo too, which clears them otherwise.
        let words = prefix.iter().cloned().chain(["env".into()]);
        let mut words = words.chain(["DEBIAN_FRONTEND=noninteractive".into(), apt.clone().into()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).args(args);
        exec::output(&mut command, APT_LIMIT).map(drop)
    };
    // Old lists would install an old release without an error.
    static REFRESHED: AtomicBool = AtomicBool::new(false);
    if !REFRESHED.swap(true, Ordering::Relaxed) {
        say("refreshing the package lists: apt-get update");
        run(&["update", "-q"])?;
    }
    say(&format!("installing {what}: apt-get install {packages_text}"));
    let mut install = vec!["install", "-y", "-q", "--no-install-recommends"];
    install.extend(packages);
    run(&install)?;
    Ok(())
}
