//! Prepares data over a plain socket, so that every client meets the same.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::{
    clients::{Book, PROFILE},
    load::{Load, Workload},
};

/// The key that task `task` works on.
pub fn key(task: usize) -> String {
    format!("key:{task}")
}

/// What the workload expects to find.
pub fn prepare(load: &Load) -> std::io::Result<()> {
    let value = "x".repeat(load.size);
    let mut plain = Plain::connect(&load.server)?;
    match load.workload {
        Workload::Mixed | Workload::Get | Workload::Set | Workload::InFlight => {
            let size = if load.workload == Workload::InFlight { 64 } else { load.size };
            plain.run((0..load.tasks).map(|task| {
                vec!["SET".to_owned(), key(task), value[..size.min(value.len())].to_owned()]
            }))
        }
        Workload::Pipeline | Workload::Mget => {
            plain.run((0..load.size).map(|n| vec!["SET".to_owned(), key(n), "x".repeat(64)]))
        }
        Workload::Lrange => {
            let mut push = vec!["RPUSH".to_owned(), "list".to_owned()];
            push.extend((0..load.size).map(|n| format!("element number {n}")));
            plain.run([vec!["DEL".to_owned(), "list".to_owned()], push])
        }
        Workload::Hgetall => {
            let mut set = vec!["HSET".to_owned(), "hash".to_owned()];
            set.extend((0..load.size).flat_map(|n| [format!("field:{n}"), format!("value {n}")]));
            plain.run([vec!["DEL".to_owned(), "hash".to_owned()], set])
        }
        Workload::Profile => {
            let mut set = vec!["HSET".to_owned(), "profile".to_owned()];
            set.extend(
                PROFILE.iter().flat_map(|(field, value)| [*field, *value]).map(str::to_owned),
            );
            plain.run([set])
        }
        Workload::Search => {
            let fields =
                ["title TEXT", "genre TAG", "price NUMERIC", "year NUMERIC", "stock NUMERIC"];
            let create = "FT._CREATEIFNX books PREFIX 1 book: SCHEMA".split(' ');
            let create = create.chain(fields.iter().flat_map(|field| field.split(' ')));
            let books = (0..load.size).map(|n| {
                let fields =
                    Book::fields(n).into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
                ["HSET".to_owned(), format!("book:{n}")].into_iter().chain(fields).collect()
            });
            plain.run([create.map(str::to_owned).collect()].into_iter().chain(books))
        }
        // It writes what it needs.
        Workload::Outage => Ok(()),
        Workload::PubSub => {
            plain.run([["CONFIG", "SET", "client-output-buffer-limit", "pubsub 0 0 0"]
                .map(str::to_owned)
                .to_vec()])
        }
    }
}

/// Messages that one command publishes: the server, not the network, is to be the source.
pub const BURST: usize = 1000;

/// Publishes `count` messages (a multiple of [`BURST`]) of `size` bytes.
pub fn publish(address: &str, channel: &str, count: usize, size: usize) -> std::io::Result<()> {
    let script = format!(
        "for i = 1, {BURST} do redis.call('PUBLISH', KEYS[1], ARGV[1]) end return redis.status_reply('OK')"
    );
    let command = ["EVAL", &script, "1", channel, &"x".repeat(size)].map(str::to_owned).to_vec();
    Plain::connect(address)?.run((0..count / BURST).map(|_| command.clone()))
}

/// A connection that only knows replies of one line
struct Plain(TcpStream);

impl Plain {
    fn connect(address: &str) -> std::io::Result<Self> {
        TcpStream::connect(address).map(Self)
    }

    /// Sends commands, some at a time, and waits for their replies.
    fn run(&mut self, commands: impl IntoIterator<Item = Vec<String>>) -> std::io::Result<()> {
        let mut commands = commands.into_iter().peekable();
        while commands.peek().is_some() {
            let mut request = Vec::new();
            let mut expected = 0;
            for command in commands.by_ref().take(100) {
                write!(request, "*{}\r\n", command.len())?;
                for word in command {
                    write!(request, "${}\r\n{word}\r\n", word.len())?;
                }
                expected += 1;
            }
            self.0.write_all(&request)?;
            let mut buffer = [0; 4096];
            while expected > 0 {
                let read = self.0.read(&mut buffer)?;
                let reply = &buffer[..read];
                if read == 0 || reply.contains(&b'-') {
                    let reply = String::from_utf8_lossy(reply);
                    return Err(std::io::Error::other(format!("the server said {reply:?}")));
                }
                expected -= reply.iter().filter(|byte| **byte == b'\n').count();
            }
        }
        Ok(())
    }
}
