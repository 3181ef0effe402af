//! A board that all open pages share, written in Rust from the button to the socket.
//!
//! `cargo xtask front-end` builds it and serves it. What is here is what every front-end needs:
//! one multiplexer for the page, events as a stream, a subscription that tells of its gaps, and
//! errors that say whether the command may have run.

// Elsewhere it is nothing, so that the whole workspace can be built.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]

mod page;

use std::rc::Rc;

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Delivery, Endpoint, Error, Event, Events, Options, Result,
    pubsub::{Item, Subscription},
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use page::{Page, State};

const NOTES: &str = "board:notes";
const NEWS: &str = "board:news";
const VISITS: &str = "board:visits";
/// Notes that the board shows, and keeps.
const KEPT: i64 = 20;

/// Runs when the module has loaded.
///
/// # Errors
/// If the page is not the one that belongs to it: names the element that is missing.
#[wasm_bindgen(start)]
pub fn start() -> std::result::Result<(), JsValue> {
    let page = Rc::new(Page::find()?);
    spawn_local(async move {
        match connect(&page).await {
            Ok(muxer) => run(muxer, page).await,
            Err(error) => {
                page.state(State::Closed);
                tell(&page, "connect", &error);
            }
        }
    });
    Ok(())
}

async fn connect(page: &Page) -> Result<ConnectionMultiplexer> {
    let options = Options::default()
        // The gateway that served the page. It decides what each user may do, so the page holds no
        // password (docs/browser.md).
        .add_endpoint(Endpoint::WebSocket { url: page.gateway() })
        // A page that is opened while the servers are away needs no reload: the multiplexer
        // goes on trying, and only options that cannot be used are an error.
        .abort_on_connect_fail(false)
        .client_name("front-end");
    ConnectionMultiplexer::connect_with(options, redmux_websocket::environment()).await
}

async fn run(muxer: ConnectionMultiplexer, page: Rc<Page>) {
    spawn_local(watch(muxer.events(), page.clone()));
    let (for_notes, for_leaving) = (muxer.clone(), muxer.clone());
    let (here, there) = (page.clone(), page.clone());
    page.on_note(move |note| {
        let (muxer, page) = (for_notes.clone(), here.clone());
        spawn_local(async move {
            match post(&muxer, &note).await {
                Ok(()) => page.accepted(&note),
                Err(error) => tell(&page, "post", &error),
            }
        });
    });
    page.on_leave(move || {
        let (muxer, page) = (for_leaving.clone(), there.clone());
        spawn_local(async move {
            // What was issued is answered before the connection ends.
            muxer.close().await;
            page.state(State::Closed);
        });
    });
    // From here on there are buttons to press: what they do is known.
    page.state(if muxer.is_connected() { State::Connected } else { State::Reconnecting });

    if !connected(&muxer).await {
        return; // closed before it began
    }
    match muxer.database().incr(VISITS).await {
        Ok(count) => page.visits(count),
        Err(error) => tell(&page, "count the visit", &error),
    }
    match muxer.subscriber().subscribe(NEWS).await {
        Ok(news) => follow(news, &muxer, &page).await,
        Err(error) => tell(&page, "subscribe", &error),
    }
}

/// Waits for the connection as long as it takes: a command would only wait for its timeout.
async fn connected(muxer: &ConnectionMultiplexer) -> bool {
    let mut events = muxer.events();
    while !muxer.is_connected() {
        if events.next().await.is_none() {
            return false;
        }
    }
    true
}

/// Keeps a note, then tells all pages of it: none shows what was refused.
async fn post(muxer: &ConnectionMultiplexer, note: &str) -> Result<()> {
    let db = muxer.database();
    // They share a round trip.
    let (kept, trimmed) =
        redmux::pipeline((db.lpush(NOTES, note), db.ltrim(NOTES, 0, KEPT - 1))).await;
    kept?;
    trimmed?;
    db.publish(NEWS, note).await?;
    Ok(())
}

/// Shows the notes that are kept.
async fn load(muxer: &ConnectionMultiplexer, page: &Page) -> Result<()> {
    // Other programs write there, too: what is no text is shown with replacement characters.
    let notes: Vec<Vec<u8>> = muxer.database().lrange(NOTES, 0, KEPT - 1).await?;
    page.clear();
    for note in notes.iter().rev() {
        page.add(&String::from_utf8_lossy(note));
    }
    Ok(())
}

/// Shows the board, then notes as they come, until the multiplexer is closed.
async fn follow(mut news: Subscription, muxer: &ConnectionMultiplexer, page: &Page) {
    // After the subscription, and before its first message is taken: a note that comes in between
    // is seen twice. The other way round, or both at once, it could be missed.
    reload(muxer, page).await;
    while let Some(item) = news.next().await {
        match item {
            Item::Message(message) => page.add(&message.text()),
            // The connection was lost, or the page was too slow: nobody sends again what was
            // published meanwhile, so the board is read anew.
            Item::Missed(_) => reload(muxer, page).await,
            _ => {}
        }
    }
}

async fn reload(muxer: &ConnectionMultiplexer, page: &Page) {
    if let Err(error) = load(muxer, page).await {
        tell(page, "read the board", &error);
    }
}

/// Shows what happens to the connection, until the multiplexer is closed.
async fn watch(mut events: Events, page: Rc<Page>) {
    while let Some(event) = events.next().await {
        match &event {
            Event::ConnectionFailed(_) => page.state(State::Reconnecting),
            Event::ConnectionRestored(_) => page.state(State::Connected),
            _ => {}
        }
        // Texts of events hold no passwords and no arguments.
        page.log(&event.to_string());
    }
}

fn tell(page: &Page, what: &str, error: &Error) {
    let outcome = match error.delivery() {
        Delivery::NotSent => "nothing was sent",
        Delivery::Answered => "the server said so",
        // Sending it again might do it twice: a person decides.
        _ => "it may have been done nevertheless",
    };
    page.fault(&format!("Cannot {what}: {error} ({outcome})"));
}
