use std::io;

use futures::{AsyncReadExt, AsyncWriteExt};
use redmux_transport::Runtime;
use redmux_websocket::WebRuntime;
use wasm_bindgen::prelude::*;

use crate::{bounded, close_code, open};

/// What came before the close is read; clean codes end the stream, others are errors.
#[wasm_bindgen]
pub async fn closes(base: String) -> String {
    let mut last = String::new();
    for code in [1000_u16, 1001, 4401, 1011] {
        let mut stream = open(&base, &format!("/close?code={code}")).await;
        let mut bytes = Vec::new();
        let end = bounded(stream.read_to_end(&mut bytes)).await;
        assert_eq!(&bytes, b"bye");
        if code < 1002 {
            end.unwrap();
        } else {
            let error = end.unwrap_err();
            let close = close_code(&error);
            assert_eq!((close.code, close.reason.as_str()), (code, "why"));
            last = error.to_string();
        }
        let error = bounded(stream.write(b"x")).await.unwrap_err();
        assert_eq!(close_code(&error).code, code);
        bounded(stream.close()).await.unwrap();
    }
    let mut stream = open(&base, "/close?code=0").await;
    bounded(stream.read_to_end(&mut Vec::new())).await.unwrap();
    last
}

#[wasm_bindgen]
pub async fn dropped(base: String) -> String {
    let mut stream = open(&base, "/drop").await;
    let error = bounded(stream.read(&mut [0])).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(close_code(&error).code, 1006);
    let after = bounded(stream.write(b"x")).await.unwrap_err();
    assert_eq!(after.kind(), io::ErrorKind::ConnectionReset);
    error.to_string()
}

#[wasm_bindgen]
pub async fn text(base: String) -> String {
    let mut stream = open(&base, "/text").await;
    let error = bounded(stream.read(&mut [0])).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    error.to_string()
}

/// Closing waits for the server's answer, but only for a limited time.
#[wasm_bindgen]
pub async fn closing(base: String) -> String {
    let mut stream = open(&base, "/echo").await;
    bounded(stream.close()).await.unwrap();
    assert!(bounded(stream.write(b"x")).await.is_err());

    let mut stream = open(&base, "/no-close").await;
    let start = WebRuntime.now();
    bounded(stream.close()).await.unwrap();
    let waited = (WebRuntime.now() - start).as_millis();
    assert!((900..5000).contains(&waited), "{waited} ms");
    let error = bounded(stream.write(b"x")).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    format!("an unanswered close took {waited} ms")
}
