//! Runs the demo, for a person or for the checks.

use std::env;
use std::process::{Command, Stdio};
use std::thread;

use redmux_test_support::find_program;

use crate::check;
use crate::exec::{self, Result};
use crate::stack::Stack;

pub(crate) const DEFAULT_PORT: u16 = 8080;

/// The options of the command line.
pub(crate) struct Options {
    /// Show a cluster instead of one server.
    pub(crate) cluster: bool,
    /// Run the checks and end.
    pub(crate) check: bool,
    /// Open the page in a browser.
    pub(crate) open: bool,
    /// The page's port. Default: 8080, or else any free one.
    pub(crate) port: Option<u16>,
}

impl Default for Options {
    fn default() -> Self {
        Self { cluster: false, check: false, open: true, port: None }
    }
}

/// Starts the demo; returns when it is stopped or checked.
pub(crate) fn run(options: &Options) -> Result<()> {
    println!("preparing the demo");
    if options.check {
        return check::run(options.port);
    }
    let mut stack = match options.port {
        Some(port) => Stack::start(&[Some(port)])?,
        None => Stack::start(&[Some(DEFAULT_PORT), None])?,
    };
    println!();
    println!("the demo page      {}", stack.url());
    println!("the web console    {}console/", stack.url());
    println!("its gateway        ws://{}/redis (the same process)", stack.addr());
    println!("the Redis server   {} (its own, empty, gone afterwards)", stack.redis.addr());
    println!();
    println!("Ctrl-C stops all of it");
    if options.open {
        open_in_browser(&stack.url());
    }
    stack.wait_for_interrupt()?;
    drop(stack);
    println!("stopped");
    Ok(())
}

/// Opens the page where there is a desktop; elsewhere the address is printed anyway.
pub(crate) fn open_in_browser(url: &str) {
    let desktop = cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|v| env::var_os(v).is_some());
    let Some(opener) = find_program(&["xdg-open", "open"]).filter(|_| desktop) else { return };
    let mut command = Command::new(opener);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.spawn() {
        Ok(mut child) => drop(thread::spawn(move || child.wait())),
        Err(e) => exec::say(&format!("cannot open a browser: {e}")),
    }
}
