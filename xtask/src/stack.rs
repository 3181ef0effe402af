//! The demo's servers: Redis, and the gateway that serves the page and the console.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use redmux_test_support::{
    Daemon, DaemonCommand, PortLease, RedisServer, RedisServerBuilder, TempDir, lease_port,
};

use crate::exec::{self, Failure, Result};
use crate::{console, packages, tools, wasm, wasm_toolchain};

const BUILD_LIMIT: Duration = Duration::from_secs(900);
const START_LIMIT: Duration = Duration::from_secs(20);
const CONSOLE: &str = "console";

/// The running servers; all of them end when this is dropped.
pub(crate) struct Stack {
    gateway: Daemon,
    port: PortLease,
    pub(crate) redis: Arc<RedisServer>,
    dir: TempDir,
}

impl Stack {
    /// Builds what is not built yet and starts everything, with the page on the first of these
    /// ports that is free; `None` means any free port.
    pub(crate) fn start(ports: &[Option<u16>]) -> Result<Self> {
        let redis_program = tools::redis()?;
        let pkg = wasm::build(wasm_toolchain::for_package(false)?)?;
        compile_gateway()?;
        let dir = TempDir::new()?;
        let site = dir.path().join("site");
        stage(&pkg, &site)?;
        console::assemble(&pkg, &dir.path().join(CONSOLE))?;
        Self::launch(redis_program, dir, &site, true, ports)
    }

    /// As [`start`](Self::start), with a page that is built already and without the console.
    pub(crate) fn serve(site: &Path, ports: &[Option<u16>]) -> Result<Self> {
        let redis_program = tools::redis()?;
        compile_gateway()?;
        Self::launch(redis_program, TempDir::new()?, site, false, ports)
    }

    fn launch(
        redis_program: PathBuf,
        dir: TempDir,
        site: &Path,
        console: bool,
        ports: &[Option<u16>],
    ) -> Result<Self> {
        let redis = Arc::new(RedisServerBuilder::default().program(redis_program).start()?);
        let port = lease_first(ports)?;
        let mut gateway = DaemonCommand::new(
            crate::target_dir().join("debug/redmux-gateway"),
            dir.path().join("gateway.log"),
        )
        .args(["--listen", &port.addr().to_string()])
        .args(["--upstream", &redis.addr().to_string()])
        .arg("--serve")
        .arg(site);
        if console {
            gateway = gateway.arg("--console").arg(dir.path().join(CONSOLE));
        }
        let mut stack = Self { gateway: gateway.spawn()?, port, redis, dir };
        stack.wait_until_up()?;
        Ok(stack)
    }

    /// Waits for Ctrl-C.
    ///
    /// # Errors
    /// A server ends by itself.
    pub(crate) fn wait_for_interrupt(&mut self) -> Result<()> {
        loop {
            match exec::check_interrupted() {
                Ok(()) => {}
                // Ctrl-C is the ordinary end, and no failure.
                Err(Failure::Interrupted) => return Ok(()),
                Err(other) => return Err(other),
            }
            self.check_gateway()?;
            if !self.redis.is_running() {
                let log = self.redis.log_tail(20);
                return Err(format!("the Redis server ended; its log:\n{log}").into());
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Returns the page's address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.addr())
    }

    /// Returns the folder with the web console.
    pub(crate) fn console(&self) -> PathBuf {
        self.dir.path().join(CONSOLE)
    }

    /// Returns the gateway's address.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// Fails if the gateway has ended.
    pub(crate) fn check_gateway(&mut self) -> Result<()> {
        match self.gateway.exit_status()? {
            None => Ok(()),
            Some(status) => {
                let log = self.gateway_log(20);
                Err(format!("the gateway ended ({status}); its log:\n{log}").into())
            }
        }
    }

    /// Returns the last lines of the gateway's log.
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

pub(crate) fn compile_gateway() -> Result<()> {
    exec::say("compiling the gateway");
    let mut cargo = exec::cargo();
    cargo.args(["build", "--locked", "--package", "redmux-gateway"]);
    exec::output(&mut cargo, BUILD_LIMIT).map(drop)
}

/// Takes the first of these ports that is free; `None` means any free port.
pub(crate) fn lease_first(ports: &[Option<u16>]) -> Result<PortLease> {
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
    stage_pages(site)?;
    // The demo uses the console's line reader and printer.
    let lib = packages::dir(packages::WWW).join("console/lib");
    packages::copy_dir(&lib, &site.join("lib"))?;
    packages::stage(pkg, &site.join("redmux"))
}

/// Lays out the demo pages with the colours of the console.
pub(crate) fn stage_pages(site: &Path) -> Result<()> {
    let www = packages::dir(packages::WWW);
    packages::copy_dir(&www.join("demo"), site)?;
    let failed = |e| format!("cannot copy look.css of the console: {e}");
    fs::copy(www.join("console/look.css"), site.join("look.css")).map_err(failed)?;
    Ok(())
}
