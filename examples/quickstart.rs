//! Connects, writes, reads, pipelines from many tasks, and subscribes.
//!
//! `cargo run --example quickstart -- localhost:6379`

use async_std::task;
use futures::{StreamExt, future::join_all};
use redmux::{ConnectionMultiplexer, Result, pubsub::Item};

#[async_std::main]
async fn main() -> Result<()> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "localhost:6379".to_owned());
    let muxer = ConnectionMultiplexer::connect(server).await?;
    let db = muxer.database();

    db.set("greeting", "hello").await?;
    let greeting: Option<String> = db.get("greeting").await?;
    println!("greeting: {greeting:?}");

    // Cloned handles in many tasks share the one connection, and their commands are pipelined.
    db.del("counter").await?;
    let tasks = (0..100).map(|_| {
        let db = db.clone();
        task::spawn(async move { db.incr("counter").await })
    });
    let counts = join_all(tasks).await.into_iter().collect::<Result<Vec<i64>>>()?;
    println!("counter: {:?} after {} tasks", counts.iter().max(), counts.len());

    // Anything else goes through `execute`, with the types you name.
    let encoding: String = muxer.execute("OBJECT", ("ENCODING", "counter")).await?;
    println!("encoding: {encoding}");

    let mut news = muxer.subscriber().subscribe("news").await?;
    db.publish("news", "it works").await?;
    if let Some(Item::Message(message)) = news.next().await {
        println!("{}: {}", message.channel_text(), message.text());
    }

    muxer.close().await;
    println!("closed");
    Ok(())
}
