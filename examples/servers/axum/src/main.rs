//! Short links with axum: all requests share one connection to Redis.
//!
//! `cargo run -- localhost:6379 127.0.0.1:3000`

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use redmux::{ConnectionMultiplexer, Database, Delivery, database::strings::SetOptions};
use serde::{Deserialize, Serialize};

/// How long a link lives.
const LIFE: Duration = Duration::from_secs(30 * 24 * 3600);

/// What each request gets. Clones are cheap, and all use the same connection.
#[derive(Clone)]
struct App {
    muxer: ConnectionMultiplexer,
    db: Database,
}

#[derive(Deserialize)]
struct NewLink {
    name: String,
    url: String,
}

#[derive(Serialize)]
struct Link {
    url: String,
    visits: u64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let redis = args.next().unwrap_or_else(|| "localhost:6379".to_owned());
    let address = args.next().unwrap_or_else(|| "127.0.0.1:3000".to_owned());

    let muxer = redmux::tokio::connect(redis).await?;
    let app = App { db: muxer.database(), muxer: muxer.clone() };
    let router = Router::new()
        .route("/links", post(create))
        .route("/links/{name}", get(show))
        .route("/to/{name}", get(follow))
        .route("/health", get(health))
        .with_state(app);

    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).with_graceful_shutdown(interrupted()).await?;
    // What was issued is answered before the connection closes.
    muxer.close().await;
    Ok(())
}

async fn interrupted() {
    // Without a handler for Ctrl-C the process ends by the signal itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

/// Makes a link, unless its name is taken.
async fn create(State(app): State<App>, Json(link): Json<NewLink>) -> Result<StatusCode, Failed> {
    let once = SetOptions::new().expires_in(LIFE).if_missing();
    let made = app.db.set_with(target(&link.name), link.url, once).await?;
    Ok(if made { StatusCode::CREATED } else { StatusCode::CONFLICT })
}

/// Leads to a link's target, and counts the visit.
async fn follow(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Failed> {
    let Some(url) = app.db.get::<String>(target(&name)).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    // Nobody waits for the count.
    app.db.incr(visits(&name)).forget()?;
    Ok(Redirect::temporary(&url).into_response())
}

/// Says what a link has.
async fn show(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Failed> {
    // Two commands, one round trip.
    let calls = (app.db.get::<String>(target(&name)), app.db.get(visits(&name)));
    let (url, visits): (_, Option<u64>) = redmux::pipeline(calls).all().await?;
    let Some(url) = url else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    Ok(Json(Link { url, visits: visits.unwrap_or(0) }).into_response())
}

/// For the one that decides whether this instance gets requests.
async fn health(State(app): State<App>) -> (StatusCode, String) {
    let code =
        if app.muxer.is_connected() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, app.muxer.status().to_string())
}

fn target(name: &str) -> String {
    format!("link:{name}:target")
}

fn visits(name: &str) -> String {
    format!("link:{name}:visits")
}

/// An error of Redis, as a reply that says whether the same request may be sent again.
struct Failed(redmux::Error);

impl From<redmux::Error> for Failed {
    fn from(error: redmux::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        // The text has the command's name and the state of the connection, and no argument.
        eprintln!("{}", self.0);
        match self.0.delivery() {
            // Nothing was done.
            Delivery::NotSent => {
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")]).into_response()
            }
            // It may have been done.
            Delivery::MaybeExecuted => StatusCode::GATEWAY_TIMEOUT.into_response(),
            _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}
