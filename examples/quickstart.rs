//! Connects, writes, reads, counts and subscribes.
//!
//! `cargo run --example quickstart -- localhost:6379`

use futures::{StreamExt, future::join_all};
use redmux::{ConnectionMultiplexer, Result, SubscriptionItem};

#[async_std::main]
async fn main() -> Result<()> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "localhost:6379".to_owned());
    let muxer = ConnectionMultiplexer::connect(server).await?;
    muxer.execute::<()>("SET", ("greeting", "hello")).await?;
    let g: Option<String> = muxer.execute("GET", ["greeting"]).await?;
    println!("{g:?}");
    let calls = (0..1000).map(|n| muxer.execute::<i64>("INCRBY", ("n", n)));
    let r = join_all(calls).await;
    println!("{} {:?}", r.len(), r.last());
    let mut sub = muxer.subscriber().subscribe("ch").await?;
    muxer.execute::<i64>("PUBLISH", ("ch", "msg")).await?;
    if let Some(SubscriptionItem::Message(m)) = sub.next().await {
        println!("{}", m.text());
    }
    println!("{}", muxer.status());
    muxer.close().await;
    println!("{}", muxer.status());
    Ok(())
}
