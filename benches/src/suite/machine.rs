//! What the numbers were taken on, and with.

use std::{fs, process::Command};

use super::Result;

pub fn describe() -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let server = said(Command::new("redis-server").arg("--version"))?;
    let server = server.split("v=").nth(1).and_then(|rest| rest.split(' ').next());
    let rust = said(Command::new("rustc").arg("--version"))?;
    let clients = ["redis", "fred", "rustis", "tokio", "async-std", "smol"];
    let clients = clients.map(|name| format!("{name} {}", version(name))).join(", ");
    let day = said(Command::new("date").args(["-u", "+%F"]))?;
    Ok(format!(
        "{}; {cores} cores ({}), Linux {}, Redis {}, {}; {clients}; one client thread, one server",
        day.trim(),
        model.map_or("unknown model", |(_, model)| model),
        kernel.trim(),
        server.unwrap_or("of unknown version"),
        rust.split(" (").next().unwrap_or_default().trim(),
    ))
}

/// The version of a package that this program was built with.
fn version(name: &str) -> &'static str {
    let lock = include_str!("../../Cargo.lock");
    let start = format!("name = \"{name}\"\nversion = \"");
    let rest = lock.split(&start).nth(1).and_then(|rest| rest.split('"').next());
    rest.unwrap_or("of unknown version")
}

fn said(command: &mut Command) -> Result<String> {
    Ok(String::from_utf8(command.output()?.stdout)?)
}
