//! Logs what happens to the connection while it is used. Stop and start the server to see.
//!
//! `cargo run --example events -- localhost:6379`

use std::time::Duration;

use async_std::task;
use futures::StreamExt;
use redmux::{ConnectionMultiplexer, Options, Result};

#[async_std::main]
async fn main() -> Result<()> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "localhost:6379".to_owned());
    // Without a server, go on trying instead of failing.
    let options = Options::try_from(server)?.abort_on_connect_fail(false);
    let muxer = ConnectionMultiplexer::connect(options).await?;

    // A listener of its own: it never slows the connection down.
    let mut events = muxer.events();
    task::spawn(async move {
        while let Some(event) = events.next().await {
            println!("event: {event}");
        }
    });

    println!("{}", muxer.status());
    loop {
        match muxer.database().incr("ticks").await {
            Ok(ticks) => println!("tick {ticks}"),
            Err(error) => println!("{:?}: {error}", error.delivery()),
        }
        task::sleep(Duration::from_secs(1)).await;
    }
}
