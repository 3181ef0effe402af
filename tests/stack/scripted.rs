//! A server in the same process that answers as a test says.

use std::sync::Arc;

use futures::{AsyncReadExt, AsyncWriteExt};
use redmux::{
    ConnectionMultiplexer, Options,
    resp::{Frame, Framer, Limits, Scan},
    transport::{Environment, Runtime},
};
use redmux_memory::{Duplex, MemoryTransport, SimRuntime};

/// Makes the reply to a command out of its words.
type Answer = Arc<dyn Fn(&[String]) -> String + Send + Sync>;

/// Runs `check` with a client of a server that answers so, over RESP3.
pub(crate) fn scripted<F: Future<Output = ()>>(
    answer: impl Fn(&[String]) -> String + Send + Sync + 'static,
    check: impl FnOnce(ConnectionMultiplexer) -> F,
) {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    let (answer, spawner): (Answer, _) = (Arc::new(answer), runtime.clone());
    runtime.spawn(Box::pin(async move {
        loop {
            let (stream, _) = listener.accept().await;
            spawner.spawn(Box::pin(serve(stream, answer.clone())));
        }
    }));
    let environment = Environment::new(transport, runtime.clone());
    runtime.block_on(async {
        let options = Options::new("scripted:1");
        check(ConnectionMultiplexer::connect_with(options, environment).await.unwrap()).await;
    });
}

async fn serve(mut stream: Duplex, answer: Answer) {
    let (mut buffer, mut framer) = (Vec::new(), Framer::new(Limits::default()));
    let mut chunk = [0; 4096];
    loop {
        let Ok(n @ 1..) = stream.read(&mut chunk).await else { return };
        buffer.extend_from_slice(&chunk[..n]);
        while let Scan::Complete(len) = framer.scan(&buffer).expect("the client sends RESP") {
            let frame: Vec<u8> = buffer.drain(..len).collect();
            let words: Vec<Vec<u8>> = Frame::copy_from_slice(&frame).decode().expect("a command");
            let words = words.iter().map(|word| String::from_utf8_lossy(word).into_owned());
            let words: Vec<String> = words.collect();
            let reply = match &*words[0] {
                "HELLO" => "%1\r\n$5\r\nproto\r\n:3\r\n".to_owned(),
                "CLIENT" => "+OK\r\n".to_owned(),
                "PING" => "+PONG\r\n".to_owned(),
                _ => answer(&words),
            };
            if stream.write_all(reply.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}
