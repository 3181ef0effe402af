//! A server in the same process that answers as a test says.

use std::sync::Arc;

use futures::AsyncWriteExt;
use redmux::{
    ConnectionMultiplexer, Options,
    transport::{Environment, Runtime},
};
use redmux_memory::{Duplex, MemoryTransport, SimRuntime};
use redmux_test_support::Commands;

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

async fn serve(stream: Duplex, answer: Answer) {
    let mut commands = Commands::of(stream);
    while let Some(words) = commands.next().await {
        let words = words.iter().map(|word| String::from_utf8_lossy(word).into_owned());
        let words: Vec<String> = words.collect();
        let reply = match &*words[0] {
            "HELLO" => "%1\r\n$5\r\nproto\r\n:3\r\n".to_owned(),
            "CLIENT" => "+OK\r\n".to_owned(),
            "PING" => "+PONG\r\n".to_owned(),
            _ => answer(&words),
        };
        if commands.stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}
