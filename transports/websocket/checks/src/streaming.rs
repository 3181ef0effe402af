use std::{future::poll_fn, pin::Pin, task::Poll};

use futures::{
    AsyncReadExt, AsyncWrite, AsyncWriteExt,
    future::{Either, join, select},
};
use redmux_websocket::WebSocketTransport;
use wasm_bindgen::prelude::*;

use crate::{bounded, close_code, open, open_with, pattern, sleep};

#[wasm_bindgen]
pub async fn echo(base: String) -> String {
    let mut stream = open(&base, "/echo").await;
    let sent = pattern(3_000_000);
    let mut received = vec![0; sent.len()];
    let (mut reader, mut writer) = (&mut stream).split();
    let write = async { writer.write_all(&sent).await.unwrap() };
    let read = async { reader.read_exact(&mut received).await.unwrap() };
    bounded(join(write, read)).await;
    assert!(received == sent);
    "3 MB".to_owned()
}

/// Message boundaries mean nothing: many small messages, and one read in small parts.
#[wasm_bindgen]
pub async fn split(base: String) -> String {
    for (path, len) in [("/bytewise", 1000), ("/echo", 100_000)] {
        let mut stream = open(&base, path).await;
        stream.write_all(&pattern(len)).await.unwrap();
        let (mut received, mut part) = (Vec::new(), [0; 7]);
        while received.len() < len {
            let n = bounded(stream.read(&mut part)).await.unwrap();
            assert!(n > 0);
            received.extend_from_slice(&part[..n]);
        }
        assert!(received == pattern(len));
    }
    "whole again".to_owned()
}

#[wasm_bindgen]
pub async fn cut(base: String) -> String {
    let transport = WebSocketTransport::default().max_message_out(10);
    let mut stream = open_with(transport, &base, "/lengths").await;
    stream.write_all(&[0; 25]).await.unwrap();
    let mut lengths = [0; 8];
    bounded(stream.read_exact(&mut lengths)).await.unwrap();
    assert_eq!(&lengths, b"10,10,5,");
    "10, 10, 5".to_owned()
}

/// What nobody reads is not kept without bound.
#[wasm_bindgen]
pub async fn flood(base: String) -> String {
    let transport = WebSocketTransport::default().receive_limit(1_000_000);
    let mut stream = open_with(transport, &base, "/flood").await;
    sleep(1000).await;
    let error = bounded(stream.read(&mut [0; 100])).await.unwrap_err();
    assert!(error.to_string().contains("receive_limit"), "{error}");
    error.to_string()
}

/// A server that does not read stops the writer, and lets it go on when it reads again.
#[wasm_bindgen]
pub async fn backpressure(base: String) -> String {
    let transport = WebSocketTransport::default().send_high_water(300_000);
    let mut stream = open_with(transport, &base, "/slow").await;
    let (total, data) = (60_000_000, vec![7; 256 * 1024]);
    let (mut accepted, mut waits) = (0, 0);
    let mut write = Box::pin(poll_fn(|cx| {
        while accepted < total {
            let part = &data[..data.len().min(total - accepted)];
            match Pin::new(&mut stream).poll_write(cx, part) {
                Poll::Ready(n) => accepted += n.unwrap(),
                Poll::Pending => {
                    waits += 1;
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(())
    }));
    if let Either::Left(_) = select(&mut write, Box::pin(sleep(700))).await {
        panic!("nobody reads, and all of it was accepted");
    }
    bounded(write).await;
    let mut answer = [0; 2];
    bounded(stream.read_exact(&mut answer)).await.unwrap();
    assert!(waits > 0);
    format!("waited {waits} times")
}

#[wasm_bindgen]
pub async fn blocked_writer_is_woken(base: String) -> String {
    let transport = WebSocketTransport::default().send_high_water(100_000);
    let mut stream = open_with(transport, &base, "/slow-then-reset").await;
    let data = vec![7; 256 * 1024];
    let mut written = 0;
    let until_it_fails = async {
        loop {
            match stream.write(&data).await {
                Ok(n) => written += n,
                Err(error) => return error,
            }
            assert!(written < 200_000_000, "a server that does not read takes everything");
        }
    };
    let error = bounded(until_it_fails).await;
    assert_eq!(close_code(&error).code, 1006);
    error.to_string()
}
