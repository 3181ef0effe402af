//! The programs, each on a port and in a directory of its own.

use std::{env, fs, net::SocketAddr, path::PathBuf, process::Command, time::Duration};

use redmux_test_support::{Daemon, DaemonCommand, PortLease, TempDir, find_program, lease_port};

const START_LIMIT: Duration = Duration::from_secs(20);

/// The program that the variable names, or else one of these; or what to do about it.
pub(crate) fn program(variable: &str, names: &[&str], package: &str) -> PathBuf {
    let given = env::var_os(variable).map(PathBuf::from);
    given.or_else(|| find_program(names)).unwrap_or_else(|| {
        let names = names.join(" or ");
        panic!("found no {names} on PATH; on Debian: apt-get install {package}")
    })
}

/// A proxy that runs; it ends when dropped.
pub(crate) struct Proxy {
    daemon: Option<Daemon>,
    /// Processes that another one has taken over from: they end by themselves.
    drained: Vec<Daemon>,
    command: Box<dyn Fn(&Self) -> DaemonCommand + Send + Sync>,
    pub(crate) port: PortLease,
    pub(crate) dir: TempDir,
}

impl Proxy {
    /// Starts what `command` says, after `prepare` has written what it needs.
    pub(crate) fn start(
        prepare: impl FnOnce(&Self),
        command: impl Fn(&Self) -> DaemonCommand + Send + Sync + 'static,
    ) -> Self {
        let (port, dir) = (lease_port(None).unwrap(), TempDir::new().unwrap());
        let command = Box::new(command);
        let mut proxy = Self { daemon: None, drained: Vec::new(), command, port, dir };
        prepare(&proxy);
        proxy.launch(&[]);
        proxy
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.path().join("proxy.log")
    }

    pub(crate) fn id(&self) -> u32 {
        self.daemon.as_ref().expect("the proxy runs").id()
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.daemon = None;
        self.drained.clear();
    }

    /// Starts it again on the same port.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.launch(&[]);
    }

    /// Starts another process beside it, with more arguments, and keeps the old one.
    pub(crate) fn succeed(&mut self, arguments: &[String]) {
        self.drained.extend(self.daemon.take());
        self.launch(arguments);
    }

    /// Sends a signal to the process alone, not to those that it has started.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    fn launch(&mut self, arguments: &[String]) {
        let mut daemon = (self.command)(self).args(arguments).spawn().unwrap();
        daemon.wait_until_listening(self.addr(), START_LIMIT).unwrap();
        self.daemon = Some(daemon);
    }
}
