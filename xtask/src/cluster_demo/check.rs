//! Checks the demo of a cluster without a person.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use redmux_test_support::TempDir;

use super::show::Show;
use crate::check::leg;
use crate::exec::Result;
use crate::{packages, tools};

pub(crate) fn run(port: Option<u16>) -> Result<()> {
    let chromium = tools::chromium()?;
    packages::install(packages::WWW)?;
    // Without a port from the command line, any free one: the usual one is left to a demo.
    let mut show = Show::open(&[port], false)?;
    let before = Instant::now();
    show.start()?;
    println!("   the cluster is up after {:.1} s", before.elapsed().as_secs_f64());
    let logs = TempDir::new()?;
    let mut script = Command::new(tools::node()?);
    script
        .current_dir(packages::dir(packages::WWW))
        .arg("test/cluster-check.mjs")
        .env("REDMUX_URL", show.url())
        .env("CHROMIUM", &chromium);
    let passed = leg("a cluster in the browser", &mut script, logs.path())?;
    show.check_client()?;
    let processes = show.processes();
    drop(show);
    let left = processes.iter().filter(|id| Path::new(&format!("/proc/{id}")).exists()).count();
    match (passed, left) {
        (true, 0) => Ok(()),
        (true, left) => Err(format!("{left} of {} processes still run", processes.len()).into()),
        (false, _) => Err("the demo of a cluster failed".into()),
    }
}
