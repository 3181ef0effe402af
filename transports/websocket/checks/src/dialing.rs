use futures::{
    AsyncReadExt, AsyncWriteExt,
    future::{Either, select},
};
use redmux_transport::{DialError, DialStage, Endpoint, Transport};
use redmux_websocket::WebSocketTransport;
use wasm_bindgen::prelude::*;

use crate::{bounded, close_code, endpoint, open, open_with, sleep};

async fn refusal(endpoint: Endpoint) -> DialError {
    match bounded(WebSocketTransport::default().connect(&endpoint)).await {
        Ok(_) => panic!("{endpoint} was dialled"),
        Err(error) => error,
    }
}

/// In a runtime without a `WebSocket`, the error says so.
#[wasm_bindgen]
pub async fn no_constructor(base: String) -> String {
    let error = refusal(endpoint(&base, "/echo")).await;
    assert_eq!(error.stage, DialStage::Dial);
    assert!(error.to_string().contains("globalThis.WebSocket"));
    error.to_string()
}

#[wasm_bindgen]
pub async fn injected(base: String, class: js_sys::Function) -> String {
    let transport = WebSocketTransport::default().constructor(class);
    let mut stream = open_with(transport, &base, "/echo").await;
    stream.write_all(b"hi").await.unwrap();
    let mut echo = [0; 2];
    bounded(stream.read_exact(&mut echo)).await.unwrap();
    assert_eq!(&echo, b"hi");
    "it works".to_owned()
}

/// Errors say what is wrong, without the secrets in a URL.
#[wasm_bindgen]
pub async fn bad_urls(_base: String) -> String {
    for url in [
        "ws://user:hunter2@ho st/?token=hunter2",
        "ws://",
        "ws://h:99999/?token=hunter2",
        "ws://host/?t='hunter2://x' b#hunter2",
        "nonsense hunter2",
        "http://user:hunter2@[::1/x?hunter2",
    ] {
        let error = refusal(Endpoint::WebSocket { url: url.to_owned() }).await;
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    refusal(Endpoint::tcp("h", 1)).await.to_string()
}

#[wasm_bindgen]
pub async fn refused(base: String) -> String {
    let nobody = refusal(endpoint("ws://127.0.0.1:1", "/?token=hunter2")).await;
    let unwelcome = refusal(endpoint(&base, "/refuse?token=hunter2")).await;
    for error in [&nobody, &unwelcome] {
        assert_eq!(error.stage, DialStage::Upgrade);
        assert_eq!(close_code(&error.source).code, 1006);
        assert!(!error.to_string().contains("hunter2"));
    }
    unwelcome.to_string()
}

/// A dropped dial and a dropped stream both end at the server: it counts them.
#[wasm_bindgen]
pub async fn abandoned(base: String) -> String {
    let transport = WebSocketTransport::default();
    let silent = endpoint(&base, "/hang");
    match select(Box::pin(transport.connect(&silent)), Box::pin(sleep(100))).await {
        Either::Left(_) => panic!("a server that says nothing was connected to"),
        Either::Right((_, dial)) => drop(dial),
    }
    drop(open(&base, "/watch").await);
    sleep(300).await;
    "both were closed".to_owned()
}
