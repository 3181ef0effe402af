//! The first steps on tokio: values, many tasks on one connection, a subscription.
//!
//! `cargo run --no-default-features --features tokio --example tokio -- localhost:6379`

use futures::StreamExt;
use redmux::{Result, pubsub::Item};

#[allow(dead_code, reason = "the test that includes this file has a main of its own")]
#[tokio::main]
async fn main() -> Result<()> {
    run(std::env::args().nth(1).unwrap_or_else(|| "localhost:6379".to_owned())).await
}

/// All of it, in turn.
pub(crate) async fn run(server: String) -> Result<()> {
    let muxer = redmux::tokio::connect(server).await?;
    let db = muxer.database();

    db.set("greeting", "hello").await?;
    let greeting: Option<String> = db.get("greeting").await?;
    println!("greeting: {greeting:?}");

    // A spawned task needs a handle of its own. All handles share the one connection, and their commands are pipelined.
    db.del("counter").await?;
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move { db.incr("counter").await })
        })
        .collect();
    let mut highest: i64 = 0;
    for task in tasks {
        let count = task.await.expect("the task does not panic")?;
        highest = highest.max(count);
    }
    println!("counter: {highest} after 100 tasks");

    let mut news = muxer.subscriber().subscribe("news").await?;
    db.publish("news", "it works").await?;
    if let Some(Item::Message(message)) = news.next().await {
        println!("{}: {}", message.channel_text(), message.text());
    }

    muxer.close().await;
    println!("closed");
    Ok(())
}
