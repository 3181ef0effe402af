//! Shows a cluster under load while servers die and slots move, for a person or for the checks.

mod check;
mod director;
mod feed;
mod show;
mod site;
mod stage;
mod view;

use self::show::Show;
use crate::demo::{self, DEFAULT_PORT};
use crate::exec::Result;

/// Starts the demo; returns when it is stopped or checked.
pub(crate) fn run(options: &demo::Options) -> Result<()> {
    println!("preparing the demo of a cluster");
    if options.check {
        return check::run(options.port);
    }
    let mut show = match options.port {
        Some(port) => Show::open(&[Some(port)], true)?,
        None => Show::open(&[Some(DEFAULT_PORT), None], true)?,
    };
    println!();
    println!("the page           {}", show.url());
    if options.open {
        demo::open_in_browser(&show.url());
    }
    show.start()?;
    println!("the cluster        {}", show.endpoints());
    println!();
    println!("Ctrl-C stops all of it");
    let ended = show.wait_for_interrupt();
    drop(show);
    ended?;
    println!("stopped");
    Ok(())
}
