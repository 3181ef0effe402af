//! The demo's servers: Redis, and the gateway that serves the page.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use redmux_test_support::{
    Daemon, DaemonCommand, PortLease, RedisServer, RedisServerBuilder, TempDir, lease_port,
};

use crate::exec::{self, Result};
use crate::{packages, tools, wasm, wasm_toolchain};

const BUILD_LIMIT: Duration = Duration::from_secs(900);
const START_LIMIT: Duration = Duration::from_secs(20);

/// What runs; all of it ends when dropped.
pub(crate) struct Stack {
    gateway: Daemon,
    port: PortLease,
    pub(crate) redis: Arc<RedisServer>,
    _dir: TempDir,
}

impl Stack {
    /// Builds what is not built yet and starts everything, with the page on the first
    /// of the wanted ports that is free; `None` is any free one.
    pub(crate) fn start(ports: &[Option<u16>]) -> Result<Self> {
        let redis_program = tools::redis()?;
        let pkg = wasm::build(wasm_toolchain::for_package(false)?)?;
        tools::say("compiling the gateway");
        let mut cargo = exec::cargo();
        cargo.args(["build", "--locked", "--package", "redmux-gateway"]);
        exec::output(&mut cargo, BUILD_LIMIT)?;

        let dir = TempDir::new()?;
        let site = dir.path().join("site");
        stage(&pkg, &site)?;
        let redis = Arc::new(RedisServerBuilder::default().program(redis_program).start()?);
        let port = lease_first(ports)?;
        let gateway = DaemonCommand::new(
            crate::target_dir().join("debug/redmux-gateway"),
            dir.path().join("gateway.log"),
        )
        .args(["--listen", &port.addr().to_string()])
        .args(["--upstream", &redis.addr().to_string()])
        .arg("--serve")
        .arg(&site)
        .spawn()?;
        let mut stack = Self { gateway, port, redis, _dir: dir };
        stack.wait_until_up()?;
        Ok(stack)
    }

    /// The page's address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.addr())
    }

    /// The gateway's address.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// An error once the gateway has ended; it should not.
    pub(crate) fn check_gateway(&mut self) -> Result<()> {
        match self.gateway.exit_status()? {
            None => Ok(()),
            Some(status) => {
                let log = self.gateway_log(20);
                Err(format!("the gateway ended ({status}); its log:\n{log}").into())
            }
        }
    }

    /// The last lines of the gateway's log.
    pub(crate) fn gateway_log(&self, lines: usize) -> String {
        self.gateway.log_tail(lines)
    }

    fn wait_until_up(&mut self) -> Result<()> {
        let end = Instant::now() + START_LIMIT;
        while let Err(e) = TcpStream::connect_timeout(&self.addr(), Duration::from_secs(1)) {
            exec::check_interrupted()?;
            self.check_gateway()?;
            if Instant::now() >= end {
                let (addr, log) = (self.addr(), self.gateway_log(20));
                return Err(format!("the gateway does not listen on {addr} ({e}):\n{log}").into());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

fn lease_first(ports: &[Option<u16>]) -> Result<PortLease> {
    let mut result = Err("no port wanted".into());
    for port in ports {
        result = lease_port(*port).map_err(Into::into);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// Lays out the site as the gateway serves it: the demo page at the top, and the
/// npm package, without what it does not ship, under `redmux/`.
fn stage(pkg: &Path, site: &Path) -> Result<()> {
    let www = packages::dir(packages::WWW);
    copy_dir(&www.join("demo"), site)?;
    let package = site.join("redmux");
    copy_dir(&www.join("src"), &package.join("src"))?;
    copy_dir(pkg, &package.join("pkg"))
}

fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    let failed = |e| format!("cannot copy {} to {}: {e}", from.display(), to.display());
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_dir(&source, &copy)?;
        } else {
            fs::copy(&source, &copy).map_err(failed)?;
        }
    }
    Ok(())
}
