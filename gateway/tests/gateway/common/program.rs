//! The program itself, in a process of its own.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
};

/// The program, ended when dropped
pub(crate) struct Program {
    child: Child,
    addresses: Vec<SocketAddr>,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    /// With this many addresses to listen at; nobody reads what it logs.
    ///
    /// `REDMUX_GATEWAY` names another build of it.
    pub(crate) fn start(args: &[&str], addresses: usize) -> Self {
        Self::start_in(args, addresses, &[])
    }

    /// The same, with these variables in its environment.
    pub(crate) fn start_in(args: &[&str], addresses: usize, variables: &[(&str, &str)]) -> Self {
        let program = std::env::var_os("REDMUX_GATEWAY")
            .map_or_else(|| env!("CARGO_BIN_EXE_redmux-gateway").into(), PathBuf::from);
        let mut child = Command::new(program)
            .args(args)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let address = |line: String| {
            let word = line.split_whitespace().nth(1).unwrap().to_owned();
            word.strip_prefix("addr=").unwrap().parse().unwrap()
        };
        let lines = output.lines().take(addresses).map(Result::unwrap);
        let addresses = lines.map(address).collect();
        Self { child, addresses }
    }

    /// Where clients connect.
    pub(crate) fn addr(&self) -> SocketAddr {
        *self.addresses.last().unwrap()
    }

    pub(crate) fn addr_of(&self, line: usize) -> SocketAddr {
        self.addresses[line]
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub(crate) fn stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().unwrap()
    }

    /// All that it logged, once it has ended.
    pub(crate) fn log(&mut self) -> String {
        let mut log = String::new();
        self.stderr().read_to_string(&mut log).unwrap();
        log
    }

    /// Bytes of memory: `VmRSS` is in use, `VmHWM` was in use at most, `VmPeak` was asked for.
    pub(crate) fn memory(&self, what: &str) -> usize {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
        line.unwrap().trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
    }
}
