//! A server in the same process that follows a script, on simulated time.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::AsyncWriteExt;
use redmux::{
    ConnectionMultiplexer, Database, Options,
    transport::{Environment, Runtime},
};
use redmux_memory::{Duplex, MemoryListener, MemoryTransport, SimRuntime};
use redmux_test_support::Commands;

/// What the server does with a command
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Reply(&'static str),
    /// `OK`, but only after this time; what comes meanwhile waits behind it.
    Late(Duration),
    HangUp,
}

use Answer::Reply;

pub(crate) const OK: Answer = Reply("+OK\r\n");
pub(crate) const LOADING: Answer = Reply("-LOADING not yet\r\n");

/// A client of a scripted server
pub(crate) struct Scene {
    pub(crate) runtime: SimRuntime,
    pub(crate) muxer: ConnectionMultiplexer,
    /// Without any policy.
    pub(crate) db: Database,
    pub(crate) listener: Arc<MemoryListener>,
    script: Arc<Script>,
}

struct Script {
    /// What is done with the next commands, one after another.
    next: Mutex<VecDeque<Answer>>,
    /// What is done with all others.
    always: Mutex<Answer>,
    /// Commands that came, and when.
    seen: Mutex<Vec<(Duration, String)>>,
}

impl Scene {
    pub(crate) fn new(options: Options) -> Self {
        let runtime = SimRuntime::new();
        let (transport, listener) = MemoryTransport::new();
        let (listener, script) = (Arc::new(listener), Arc::new(Script::new()));
        let (accepting, answering, spawner) = (listener.clone(), script.clone(), runtime.clone());
        runtime.spawn(Box::pin(async move {
            loop {
                let (stream, _) = accepting.accept().await;
                spawner.spawn(Box::pin(serve(stream, answering.clone(), spawner.clone())));
            }
        }));
        let environment = Environment::new(transport, runtime.clone());
        let connect = ConnectionMultiplexer::connect_with(options, environment);
        let muxer = runtime.block_on(connect).unwrap();
        Self { runtime, db: muxer.database(), muxer, listener, script }
    }

    /// What is done with the next commands.
    pub(crate) fn next(&self, answers: impl IntoIterator<Item = Answer>) {
        *self.script.next.lock().unwrap() = answers.into_iter().collect();
    }

    /// What is done with commands that nothing else is said about.
    pub(crate) fn always(&self, answer: Answer) {
        *self.script.always.lock().unwrap() = answer;
    }

    /// The commands that came since this was asked last.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen_at().into_iter().map(|(_, command)| command).collect()
    }

    /// As [`seen`](Self::seen), with the times.
    pub(crate) fn seen_at(&self) -> Vec<(Duration, String)> {
        std::mem::take(&mut *self.script.seen.lock().unwrap())
    }

    pub(crate) fn sleep(&self, time: Duration) {
        self.runtime.block_on(self.runtime.sleep(time));
    }
}

pub(crate) fn options() -> Options {
    Options::new("scripted:1")
}

impl Script {
    fn new() -> Self {
        Self { next: Mutex::default(), always: Mutex::new(OK), seen: Mutex::default() }
    }

    fn answer(&self, words: &[Vec<u8>], now: Duration) -> Answer {
        match &words[0][..] {
            b"HELLO" => return Reply("%1\r\n$5\r\nproto\r\n:3\r\n"),
            b"CLIENT" => return OK,
            b"PING" => return Reply("+PONG\r\n"),
            _ => {}
        }
        let words: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
        self.seen.lock().unwrap().push((now, words.join(" ")));
        let next = self.next.lock().unwrap().pop_front();
        next.unwrap_or_else(|| *self.always.lock().unwrap())
    }
}

async fn serve(stream: Duplex, script: Arc<Script>, runtime: SimRuntime) {
    let mut commands = Commands::of(stream);
    while let Some(words) = commands.next().await {
        match script.answer(&words, runtime.elapsed()) {
            Reply(reply) => {
                if commands.stream.write_all(reply.as_bytes()).await.is_err() {
                    return;
                }
            }
            Answer::Late(after) => {
                runtime.sleep(after).await;
                if commands.stream.write_all(b"+OK\r\n").await.is_err() {
                    return;
                }
            }
            Answer::HangUp => return,
        }
    }
}
