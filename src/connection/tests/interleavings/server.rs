//! The server on the other end of every stream, and a record of what it did.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex as HarnessMutex},
};

use futures::io::{AsyncReadExt, AsyncWriteExt};
use redmux_transport::{Capabilities, DialError, Endpoint, Transport};
use shuttle::{
    future::{JoinHandle, spawn},
    rand::{Rng, thread_rng},
};

use super::{
    clock::Clock,
    wire::{End, wire},
    world::Count,
};
use crate::resp::{Frame, Framer, Limits, Scan};

/// How a server ends a stream by itself
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    /// In order, after its last reply.
    Eof,
    /// In order, in the middle of its last reply.
    HalfReply,
    /// At once; what the client has not read is lost.
    Reset,
}

/// A stream that ends by itself after a number of commands
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    pub(super) commands: usize,
    pub(super) ending: Ending,
}

impl Life {
    /// Any of the short ones.
    pub(super) fn random() -> Self {
        let mut rng = thread_rng();
        let endings = [Ending::Eof, Ending::HalfReply, Ending::Reset];
        Self { commands: rng.gen_range(0..4), ending: endings[rng.gen_range(0..endings.len())] }
    }
}

/// What the server did, and what is still to be waited for
///
/// The locks are the harness's own: nothing happens while they are held.
#[derive(Default)]
pub(super) struct Record {
    executed: HarnessMutex<Vec<u32>>,
    pub(super) lives: HarnessMutex<VecDeque<Life>>,
    pub(super) servers: HarnessMutex<Vec<JoinHandle<()>>>,
    /// Commands are answered once this counts one.
    pub(super) unmuted: Count,
    /// Streams live so long that the next one is not put off, by this clock.
    pub(super) aging: HarnessMutex<Option<Arc<Clock>>>,
}

impl Record {
    /// How often the command with this number was executed.
    pub(super) fn times(&self, number: u32) -> usize {
        self.executed.lock().unwrap().iter().filter(|&&n| n == number).count()
    }
}

/// Opens a stream to a new server each time
pub(super) struct Dialer {
    pub(super) room: usize,
    pub(super) record: Arc<Record>,
}

impl Transport for Dialer {
    type Stream = End;

    fn capabilities(&self) -> Capabilities {
        Capabilities::stream()
    }

    async fn connect(&self, _: &Endpoint) -> Result<End, DialError> {
        let (client, server) = wire(self.room);
        let life = self.record.lives.lock().unwrap().pop_front();
        let task = spawn(serve(server, self.record.clone(), life));
        self.record.servers.lock().unwrap().push(task);
        Ok(client)
    }
}

/// Answers until the client hangs up, or for the life it is given.
async fn serve(mut stream: End, record: Arc<Record>, life: Option<Life>) {
    let served = answer(&mut stream, &record, life).await;
    let clock = record.aging.lock().unwrap().clone();
    if let (Some(clock), Ok(Some(_))) = (clock, &served) {
        clock.advance(1_000_000);
    }
    if let Ok(Some(Ending::Reset)) = served {
        stream.reset();
    }
}

async fn answer(
    stream: &mut End,
    record: &Record,
    life: Option<Life>,
) -> io::Result<Option<Ending>> {
    let mut framer = Framer::new(Limits::default());
    let (mut received, mut executed) = (Vec::new(), 0);
    let mut subscribed = false;
    let mut block = [0; 64];
    loop {
        while let Scan::Complete(len) = framer.scan(&received).expect("the client sends RESP") {
            if let Some(Life { commands: 0, ending }) = life {
                return Ok(Some(ending));
            }
            let command = Frame::copy_from_slice(&received[..len]);
            received.drain(..len);
            framer.reset();
            let words: Vec<String> = command.decode().expect("commands are text here");
            let reply = match &words[..] {
                [name] if name == "PING" => "+PONG\r\n".to_owned(),
                [name, ..] if name == "HELLO" => "%1\r\n$5\r\nproto\r\n:3\r\n".to_owned(),
                [name, ..] if name == "CLIENT" => "+OK\r\n".to_owned(),
                [name, channel] if name == "SUBSCRIBE" || name == "UNSUBSCRIBE" => {
                    executed += 1;
                    subscribed = name == "SUBSCRIBE";
                    let kind = name.to_lowercase();
                    format!(">3\r\n${}\r\n{kind}\r\n$1\r\n{channel}\r\n:1\r\n", kind.len())
                }
                [name, channel, text] if name == "PUBLISH" => {
                    executed += 1;
                    // Its own client hears it behind the reply.
                    let message =
                        format!(">3\r\n$7\r\nmessage\r\n$1\r\n{channel}\r\n$1\r\n{text}\r\n");
                    let message = if subscribed { &*message } else { "" };
                    format!(":{}\r\n{message}", u32::from(subscribed))
                }
                [name, number] if name == "ECHO" || name == "GET" => {
                    executed += 1;
                    record.executed.lock().unwrap().push(number.parse().expect("a number"));
                    record.unmuted.reaches(1).await;
                    format!("+{number}\r\n")
                }
                other => panic!("nobody sends {other:?} here"),
            };
            match life {
                Some(Life { commands, ending }) if commands == executed => {
                    let len = if matches!(ending, Ending::HalfReply) { 1 } else { reply.len() };
                    stream.write_all(&reply.as_bytes()[..len]).await?;
                    return Ok(Some(ending));
                }
                _ => stream.write_all(reply.as_bytes()).await?,
            }
        }
        match stream.read(&mut block).await? {
            0 => return Ok(None),
            n => received.extend_from_slice(&block[..n]),
        }
    }
}
