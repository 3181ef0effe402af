//! An HTTP component that counts visits: `wasi:http/incoming-handler`, as `wasmtime serve`, Spin and wasmCloud run it.
//!
//! The connection outlives the request wherever the host keeps the instance for the next one. Between two requests the
//! host stops it where it is; `redmux::wasi::run` first takes in what came meanwhile.
//!
//! ```sh
//! cargo build --release --target wasm32-wasip2 --package redmux-wasi-http
//! wasmtime serve -S cli -S inherit-network -S allow-ip-name-lookup --env REDIS_URL=redis://localhost:6379 \
//!   --max-instance-reuse-count 1000000 --idle-instance-timeout 60s target/wasm32-wasip2/release/redmux_wasi_http.wasm
//! ```

#![cfg(target_os = "wasi")]

use std::sync::OnceLock;

use redmux::{ConnectionMultiplexer, wasi};
use wasip2::{
    exports::http::incoming_handler::Guest,
    http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam},
    io::streams::StreamError,
};

wasip2::http::proxy::export!(Visits);

struct Visits;

impl Guest for Visits {
    fn handle(request: IncomingRequest, answer: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        match wasi::run(count(&path)) {
            Ok(visits) => respond(answer, 200, &format!("{visits}\n")),
            // The error has neither arguments nor secrets.
            Err(error) => respond(answer, 503, &format!("{error}\n")),
        }
    }
}

async fn count(path: &str) -> redmux::Result<i64> {
    multiplexer().await?.database().hincrby("visits", path, 1).await
}

/// One for all requests of this instance.
async fn multiplexer() -> redmux::Result<&'static ConnectionMultiplexer> {
    static MULTIPLEXER: OnceLock<ConnectionMultiplexer> = OnceLock::new();
    if let Some(multiplexer) = MULTIPLEXER.get() {
        return Ok(multiplexer);
    }
    let url = std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned());
    let connected = wasi::connect(&*url).await?;
    Ok(MULTIPLEXER.get_or_init(|| connected))
}

fn respond(answer: ResponseOutparam, status: u16, text: &str) {
    let response = OutgoingResponse::new(Fields::new());
    let set = response.set_status_code(status);
    let body = response.body();
    ResponseOutparam::set(answer, Ok(response));
    // A client that went away reads no answer.
    if let (Ok(()), Ok(body)) = (set, body)
        && write(&body, text.as_bytes()).is_ok()
    {
        let _ = OutgoingBody::finish(body, None);
    }
}

fn write(body: &OutgoingBody, bytes: &[u8]) -> Result<(), StreamError> {
    let Ok(stream) = body.write() else { return Err(StreamError::Closed) };
    stream.blocking_write_and_flush(bytes)
}
