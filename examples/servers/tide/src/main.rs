//! A chat with tide on async-std: rooms are channels, browsers listen by server-sent events.
//!
//! `cargo run -- localhost:6379 127.0.0.1:3000`

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Database,
    pubsub::{Item, Subscriber},
};
use tide::{Request, Response, StatusCode, sse::Sender};

/// Clones are cheap: commands and all subscriptions share one connection.
#[derive(Clone)]
struct Chat {
    db: Database,
    subscriber: Subscriber,
}

#[async_std::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let redis = args.next().unwrap_or_else(|| "localhost:6379".to_owned());
    let address = args.next().unwrap_or_else(|| "127.0.0.1:3000".to_owned());

    let muxer = ConnectionMultiplexer::connect(redis).await?;
    let mut app = tide::with_state(Chat { db: muxer.database(), subscriber: muxer.subscriber() });
    app.at("/rooms/:room").post(say).get(tide::sse::endpoint(listen));
    let listener = std::net::TcpListener::bind(address)?;
    println!("http://{}", listener.local_addr()?);
    app.listen(listener).await?;
    Ok(())
}

fn channel(request: &Request<Chat>) -> tide::Result<String> {
    Ok(format!("chat:{}", request.param("room")?))
}

/// Says something in a room, to the browsers of all instances.
async fn say(mut request: Request<Chat>) -> tide::Result {
    let text = request.body_string().await?;
    request.state().db.publish(channel(&request)?, text).await.map_err(failed)?;
    Ok(Response::new(StatusCode::NoContent))
}

/// Sends what is said in a room, until the browser leaves.
async fn listen(request: Request<Chat>, sender: Sender) -> tide::Result<()> {
    let room = channel(&request)?;
    let mut messages = request.state().subscriber.subscribe(room).await.map_err(failed)?;
    sender.send("listening", "", None).await?;
    while let Some(item) = messages.next().await {
        match item {
            Item::Message(message) => sender.send("message", message.text(), None).await?,
            // The connection was lost, or this browser is slow: it can say so, or load what it missed.
            Item::Missed(missed) => sender.send("missed", missed.to_string(), None).await?,
            _ => break,
        }
    }
    Ok(())
}

fn failed(error: redmux::Error) -> tide::Error {
    tide::Error::new(StatusCode::ServiceUnavailable, error)
}
