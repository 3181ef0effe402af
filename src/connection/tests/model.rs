use std::{collections::VecDeque, sync::Arc, task::Waker};

use crate::{
    Delivery, Error, ErrorKind, Full,
    connection::{
        Ask, BacklogPolicy, LinkConfig,
        core::{Core, Inbox, Phase, Prelude, Submission},
        credentials::Credentials,
        databases::Selected,
        outbox::Outbox,
        slots::{Outcome, SlotId},
    },
    resp::{Arg, Frame, Framer, Limits, ReplyError, Scan, encode_command},
};

pub(super) const MS: u64 = 1000;

pub(super) fn config() -> LinkConfig {
    LinkConfig {
        command_timeout: 5000 * MS,
        backlog: BacklogPolicy::default(),
        high_water: 1 << 20,
        keep_alive: 10_000 * MS,
        probe_after: 2000 * MS,
        probe_timeout: 5000 * MS,
        close_timeout: 5000 * MS,
        client_name: None,
        library_info: true,
        library_name: None,
        commands: crate::commands::CommandMap::default(),
        cache: None,
        breaker: Full::default(),
        database: 0,
        protocol: None,
        high_integrity: Full::default(),
        limits: Limits::default(),
        leased: false,
        #[cfg(feature = "topology")]
        reads: false,
        redial_on_readonly: true,
        beside: 0,
        subscriber: false,
        notices: Full::default(),
        monitor: Full::default(),
    }
}

/// What a core is made of
pub(super) struct Given {
    pub(super) config: LinkConfig,
    pub(super) credentials: Credentials,
}

impl From<LinkConfig> for Given {
    fn from(config: LinkConfig) -> Self {
        Self { config, credentials: Credentials::default() }
    }
}

/// A core, the stream between it and a model server, and that server
pub(super) struct Model {
    pub(super) core: Core,
    pub(super) now: u64,
    pub(super) batch: Outbox,
    /// Bytes the server has received and not yet understood.
    received: Vec<u8>,
    framer: Framer,
    /// Commands the server has executed, in order: name and first argument.
    pub(super) executed: Vec<(String, String)>,
    /// Arguments of the `ECHO` commands, with the database in which each was executed.
    pub(super) echoed_in: Vec<(u32, String)>,
    /// How many databases the server has.
    pub(super) databases: u32,
    /// The database that the connection is in.
    pub(super) database: u32,
    /// After `MULTI`: what is queued, and whether something was refused.
    queued: Option<(Vec<Vec<String>>, bool)>,
    /// Commands executed, a group or a transaction as one.
    pub(super) commands: u64,
    /// Replies the server has made and the client has not read.
    pub(super) replies: VecDeque<Vec<u8>>,
    /// The server knows `HELLO`.
    pub(super) resp3: bool,
    /// Answers these commands with this error.
    pub(super) refuse: Option<(&'static str, &'static str)>,
    pub(super) inbox: Inbox,
    /// What the registry asks for on the next connection.
    pub(super) on_ready: Vec<Ask>,
    /// The test releases what waits for the connection itself.
    pub(super) manual_release: bool,
    /// Bytes the client has written and read.
    pub(super) bytes: (u64, u64),
}

impl Model {
    pub(super) fn new(given: impl Into<Given>) -> Self {
        let Given { config, credentials } = given.into();
        let mut model = Self {
            core: Core::new(Arc::new(config), credentials, Phase::Disconnected),
            now: 0,
            batch: Outbox::default(),
            received: Vec::new(),
            framer: Framer::new(Limits::default()),
            executed: Vec::new(),
            echoed_in: Vec::new(),
            databases: 16,
            database: 0,
            queued: None,
            commands: 0,
            replies: VecDeque::new(),
            resp3: true,
            refuse: None,
            inbox: Inbox::default(),
            on_ready: Vec::new(),
            manual_release: false,
            bytes: (0, 0),
        };
        model.tick(0);
        model
    }

    /// A model whose connection is ready.
    pub(super) fn ready(given: impl Into<Given>) -> Self {
        let mut model = Self::new(given);
        model.connect();
        model.settle();
        assert_eq!(model.core.phase, Phase::Ready);
        model
    }

    /// Lets time pass, with the driver parked, and deadlines with it.
    pub(super) fn tick(&mut self, micros: u64) {
        self.core.wakes.scheduled = false;
        self.starve(micros);
    }

    /// Lets time pass in which the driver, though woken, did not run.
    pub(super) fn starve(&mut self, micros: u64) {
        self.now += micros;
        self.core.driver_runs(self.now);
        self.core.expire();
    }

    pub(super) fn connect(&mut self) {
        assert_eq!(self.core.phase, Phase::Disconnected);
        self.batch = self.core.begin_session(false);
    }

    pub(super) fn submit(&mut self, id: &str) -> Result<SlotId, Error> {
        self.submit_with(id, None)
    }

    pub(super) fn submit_with(&mut self, id: &str, timeout: Option<u64>) -> Result<SlotId, Error> {
        self.submit_in(0, id, timeout)
    }

    pub(super) fn submit_in(
        &mut self,
        database: u32,
        id: &str,
        timeout: Option<u64>,
    ) -> Result<SlotId, Error> {
        let database = Selected::new(database, self.core.config.database);
        let args = [Arg::Bytes(b"ECHO"), Arg::Bytes(id.as_bytes())];
        let command = Submission { args: &args, prelude: None, database, timeout };
        self.core.submit(&command, None, Waker::noop())
    }

    /// As [`submit_with`](Self::submit_with), for the collector; `None` if there is no room.
    pub(super) fn submit_collected(
        &mut self,
        id: &str,
        number: u32,
        database: u32,
        timeout: Option<u64>,
    ) -> Result<Option<SlotId>, Error> {
        let database = Selected::new(database, self.core.config.database);
        let args = [Arg::Bytes(b"ECHO"), Arg::Bytes(id.as_bytes())];
        let command = Submission { args: &args, prelude: None, database, timeout };
        self.core.submit_collected(&command, number)
    }

    /// As [`submit_with`](Self::submit_with), with two other commands in one piece with it.
    pub(super) fn submit_group(&mut self, id: &str, timeout: Option<u64>) -> Result<SlotId, Error> {
        let database = Selected::HOME;
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &[Arg::Bytes(b"FIRST")]);
        encode_command(&mut bytes, &[Arg::Bytes(b"BEFORE"), Arg::Bytes(id.as_bytes())]);
        let prelude = Prelude { bytes, commands: 2, ..Prelude::default() };
        let args = [Arg::Bytes(b"ECHO"), Arg::Bytes(id.as_bytes())];
        let command = Submission { args: &args, prelude: Some(&prelude), database, timeout };
        self.core.submit(&command, None, Waker::noop())
    }

    /// A command of these words.
    pub(super) fn submit_words(&mut self, database: u32, words: &[&str]) {
        let database = Selected::new(database, self.core.config.database);
        let args: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word.as_bytes())).collect();
        let command = Submission { args: &args, prelude: None, database, timeout: None };
        self.core.submit(&command, None, Waker::noop()).expect("there is room");
    }

    pub(super) fn is_in_transaction(&self) -> bool {
        self.queued.is_some()
    }

    /// A command behind `ASKING`, in a transaction or not.
    #[cfg(feature = "topology")]
    pub(super) fn submit_asking(&mut self, database: u32, multi: bool) -> Result<SlotId, Error> {
        let database = Selected::new(database, self.core.config.database);
        let mut prelude = Prelude { commands: 1, ..Prelude::default() };
        encode_command(&mut prelude.bytes, &[Arg::Bytes(b"ASKING")]);
        prelude.asks = prelude.bytes.len();
        let echo = [Arg::Bytes(b"ECHO"), Arg::Bytes(b"asked")];
        if multi {
            encode_command(&mut prelude.bytes, &[Arg::Bytes(b"MULTI")]);
            prelude.opens = prelude.bytes.len() - prelude.asks;
            encode_command(&mut prelude.bytes, &echo);
            prelude.commands += 2;
        }
        let args = if multi { &[Arg::Bytes(b"EXEC")][..] } else { &echo };
        let command = Submission { args, prelude: Some(&prelude), database, timeout: None };
        self.core.submit(&command, None, Waker::noop())
    }

    /// A transaction of two commands.
    pub(super) fn submit_transaction(&mut self, database: u32, id: &str) -> Result<SlotId, Error> {
        let database = Selected::new(database, self.core.config.database);
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &[Arg::Bytes(b"MULTI")]);
        let opens = bytes.len();
        encode_command(&mut bytes, &[Arg::Bytes(b"ECHO"), Arg::Bytes(id.as_bytes())]);
        encode_command(&mut bytes, &[Arg::Bytes(b"ECHO"), Arg::Bytes(b"second")]);
        let prelude = Prelude {
            bytes,
            commands: 3,
            opens,
            #[cfg(feature = "topology")]
            asks: 0,
            #[cfg(feature = "topology")]
            consents: false,
        };
        let args = [Arg::Bytes(b"EXEC")];
        let command = Submission { args: &args, prelude: Some(&prelude), database, timeout: None };
        self.core.submit(&command, None, Waker::noop())
    }

    /// Tries again for a caller in the line for room.
    pub(super) fn resubmit(
        &mut self,
        database: u32,
        id: &str,
        slot: SlotId,
    ) -> Result<SlotId, Error> {
        let args = [Arg::Bytes(b"ECHO"), Arg::Bytes(id.as_bytes())];
        let database = Selected::new(database, self.core.config.database);
        let command = Submission { args: &args, prelude: None, database, timeout: None };
        self.core.submit(&command, Some(slot), Waker::noop())
    }

    pub(super) fn outcome(&mut self, id: SlotId) -> Option<Outcome> {
        self.core.slots.poll(id, Waker::noop())
    }

    /// The reply's text, or the error.
    pub(super) fn result(&mut self, id: SlotId) -> Option<Result<String, Error>> {
        self.outcome(id).map(text)
    }

    /// What the collector finds, with the numbers of the commands.
    pub(super) fn collected(&mut self) -> Vec<(u32, SlotId, Result<String, Error>)> {
        let outcomes = std::mem::take(&mut self.core.slots.collection.outcomes);
        outcomes.into_iter().map(|(number, id, outcome)| (number, id, text(outcome))).collect()
    }

    /// The transport takes up to `limit` bytes.
    pub(super) fn write(&mut self, limit: usize) {
        if self.batch.is_empty() {
            self.core.take_output(&mut self.batch);
        }
        let mut left = limit;
        while left > 0 && self.batch.remaining() > 0 {
            let slice = self.batch.slice();
            let n = slice.len().min(left);
            self.received.extend_from_slice(&slice[..n]);
            self.batch.advance(n);
            self.core.note_sent(n);
            self.bytes.0 += n as u64;
            left -= n;
        }
        if self.batch.remaining() == 0 {
            self.batch.clear();
        }
        self.serve();
    }

    /// The server executes what it has received in full.
    fn serve(&mut self) {
        let mut start = 0;
        loop {
            match self.framer.scan(&self.received[start..]).expect("the client sends RESP") {
                Scan::Incomplete { .. } => break,
                Scan::Complete(len) => {
                    let frame = Frame::copy_from_slice(&self.received[start..start + len]);
                    start += len;
                    let words: Vec<String> = frame.decode().expect("commands are text here");
                    self.execute(words);
                }
            }
        }
        self.received.drain(..start);
        if start > 0 {
            self.framer.reset();
        }
    }

    fn execute(&mut self, words: Vec<String>) {
        let argument = words.get(1).cloned().unwrap_or_default();
        let name = words[0].to_lowercase();
        if name.ends_with("subscribe") && self.refuse.is_none() {
            for channel in &words[1..] {
                let (verb, length) = (name.len(), channel.len());
                let push = format!(">3\r\n${verb}\r\n{name}\r\n${length}\r\n{channel}\r\n:1\r\n");
                self.replies.push_back(push.into_bytes());
            }
            self.commands += 1;
            self.executed.push((words[0].clone(), argument));
            return;
        }
        let place = self.executed.len();
        let reply = self.reply(&words, &argument);
        let part = ["FIRST", "BEFORE"].contains(&words[0].as_str());
        match self.queued {
            None => {
                self.commands += u64::from(!part);
                // Behind what `EXEC` executed.
                let place = if words[0] == "EXEC" { self.executed.len() } else { place };
                self.executed.insert(place, (words[0].clone(), argument));
            }
            Some(_) => self.executed.push(("QUEUED".to_owned(), words[0].clone())),
        }
        self.replies.push_back(reply.into_bytes());
    }

    fn reply(&mut self, words: &[String], argument: &str) -> String {
        let refused = self.refuse.filter(|(name, _)| *name == words[0]);
        match (words[0].as_str(), &mut self.queued) {
            ("EXEC", Some(_)) if refused.is_none() => {
                let (queued, aborted) = self.queued.take().expect("just seen");
                if aborted {
                    return "-EXECABORT Transaction discarded because of previous errors.\r\n"
                        .into();
                }
                for words in &queued {
                    let argument = words.get(1).cloned().unwrap_or_default();
                    self.executed.push((words[0].clone(), argument));
                }
                let replies: Vec<String> = queued
                    .iter()
                    .map(|words| self.reply(words, words.get(1).map_or("", |word| word)))
                    .collect();
                return format!("*{}\r\n{}", replies.len(), replies.concat());
            }
            (_, Some((_, aborted))) if refused.is_some() => *aborted = true,
            (_, Some((queued, _))) => {
                queued.push(words.to_vec());
                return "+QUEUED\r\n".into();
            }
            ("MULTI", None) if refused.is_none() => self.queued = Some((Vec::new(), false)),
            _ => {}
        }
        match (words[0].as_str(), self.refuse) {
            (name, Some((refused, error))) if name == refused => format!("-{error}\r\n"),
            ("HELLO", _) if self.resp3 => {
                "%2\r\n$6\r\nserver\r\n$5\r\nmodel\r\n$5\r\nproto\r\n:3\r\n".to_owned()
            }
            ("HELLO", _) => "-ERR unknown command 'HELLO'\r\n".to_owned(),
            ("SELECT", _) => match argument.parse() {
                Ok(index) if index < self.databases => {
                    self.database = index;
                    "+OK\r\n".to_owned()
                }
                _ => "-ERR DB index is out of range\r\n".to_owned(),
            },
            ("ECHO", _) => {
                self.echoed_in.push((self.database, argument.to_owned()));
                format!("${}\r\n{argument}\r\n", argument.len())
            }
            ("PING", _) => "+PONG\r\n".to_owned(),
            _ => "+OK\r\n".to_owned(),
        }
    }

    /// The client reads up to `count` replies.
    pub(super) fn read(&mut self, count: usize) -> Result<(), Error> {
        let count = count.min(self.replies.len());
        let frames: Vec<Frame> =
            self.replies.drain(..count).map(|bytes| Frame::copy_from_slice(&bytes)).collect();
        if frames.is_empty() {
            return Ok(());
        }
        let bytes = frames.iter().map(Frame::len).sum();
        self.bytes.1 += bytes as u64;
        let received = self.core.receive(bytes, frames.into_iter(), &mut self.inbox);
        if std::mem::take(&mut self.inbox.became_ready) && !self.manual_release {
            // As the driver does.
            self.core.restore(std::mem::take(&mut self.on_ready));
            self.core.release_backlog();
        }
        received
    }

    /// Everything flows until nothing moves.
    pub(super) fn settle(&mut self) {
        loop {
            let before = (self.executed.len(), self.replies.len());
            self.write(usize::MAX);
            self.read(usize::MAX).expect("the model's replies are due");
            if before == (self.executed.len(), self.replies.len()) && self.batch.is_empty() {
                return;
            }
        }
    }

    /// The connection breaks; returns how many commands may have been executed.
    pub(super) fn lose(&mut self) -> usize {
        let cause = Error::new(ErrorKind::ConnectionLost, Delivery::MaybeExecuted);
        let lost = self.core.end_session(&self.batch, &cause, true);
        self.batch.clear();
        self.received.clear();
        self.framer.reset();
        self.replies.clear();
        (self.database, self.queued) = (0, None);
        lost
    }

    /// The arguments of the `ECHO` commands the server has executed.
    pub(super) fn echoed(&self) -> Vec<&str> {
        let echo = self.executed.iter().filter(|(name, _)| name == "ECHO");
        echo.map(|(_, argument)| argument.as_str()).collect()
    }
}

fn text(outcome: Outcome) -> Result<String, Error> {
    outcome.into_reply()?.decode().map_err(|error| match error {
        ReplyError::Server(error) => Error::from_server(error),
        ReplyError::Decode(error) => panic!("the model sends text: {error}"),
    })
}

pub(super) fn with_credentials() -> Given {
    Given { config: config(), credentials: Credentials::new("pw").username("app") }
}
