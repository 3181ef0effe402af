//! One connection to the server.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures::io::{AsyncRead, AsyncWrite};
use redmux::{
    resp::{Frame, Framer, Limits, Scan},
    transport::{Runtime, Timer},
};
use redmux_memory::Duplex;

use super::world::{Executed, State, World};

/// One reply in this number comes late.
const LATE_ONE_IN: u64 = 400;

/// Serves one connection
pub(super) struct Connection {
    world: World,
    stream: Duplex,
    id: u64,
    received: Vec<u8>,
    framer: Framer,
    inbox: VecDeque<(u64, Vec<String>)>,
    outbox: VecDeque<(u64, Vec<u8>)>,
    transaction: Option<Vec<Vec<String>>>,
    /// It waits for an element of this list until then.
    blocked: Option<(String, u64)>,
    timer: Box<dyn Timer>,
    ended: bool,
}

impl Connection {
    pub(super) fn new(world: World, stream: Duplex, id: u64) -> Self {
        let timer = world.runtime.timer(world.runtime.now());
        Self {
            world,
            stream,
            id,
            received: Vec::new(),
            framer: Framer::new(Limits::default()),
            inbox: VecDeque::new(),
            outbox: VecDeque::new(),
            transaction: None,
            blocked: None,
            timer,
            ended: false,
        }
    }

    fn read(&mut self, arrives: u64, cx: &mut Context<'_>) {
        let mut block = [0; 2048];
        while !self.ended {
            match Pin::new(&mut self.stream).poll_read(cx, &mut block) {
                Poll::Ready(Ok(read @ 1..)) => self.received.extend_from_slice(&block[..read]),
                Poll::Ready(_) => self.ended = true,
                Poll::Pending => break,
            }
        }
        while let Ok(Scan::Complete(len)) = self.framer.scan(&self.received) {
            let frame: Vec<u8> = self.received.drain(..len).collect();
            let words = Frame::copy_from_slice(&frame).decode().expect("a command");
            self.inbox.push_back((arrives, words));
        }
    }

    /// Has what has arrived executed.
    fn serve(&mut self, now: u64) {
        if let Some((key, deadline)) = self.blocked.clone() {
            let popped = self.world.with(|state| state.lists.get_mut(&key)?.pop_front());
            match popped {
                Some(element) => self.reply(now, array(&[bulk(&key), bulk(&element)])),
                None if now >= deadline => self.reply(now, b"_\r\n".to_vec()),
                None => return,
            }
            self.blocked = None;
        }
        while self.blocked.is_none() && self.inbox.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, words)) = self.inbox.pop_front() else { return };
            let name = words[0].to_ascii_uppercase();
            match (&mut self.transaction, &*name) {
                (_, "MULTI") => {
                    self.transaction = Some(Vec::new());
                    self.reply(now, b"+OK\r\n".to_vec());
                }
                (queued, "EXEC") => {
                    let queued = queued.take().unwrap_or_default();
                    let number = self.world.with(|state| {
                        state.transactions += 1;
                        state.transactions
                    });
                    let replies = queued.iter().map(|words| self.execute(now, words, number));
                    let replies: Vec<Vec<u8>> = replies.collect();
                    self.reply(now, array(&replies));
                }
                (Some(queued), _) => {
                    queued.push(words);
                    self.reply(now, b"+QUEUED\r\n".to_vec());
                }
                (None, "BLPOP") => {
                    let seconds: f64 = words[2].parse().expect("a time");
                    self.blocked = Some((words[1].clone(), now + (seconds * 1e6) as u64));
                    return self.serve(now);
                }
                (None, _) => {
                    let reply = self.execute(now, &words, 0);
                    self.reply(now, reply);
                }
            }
        }
    }

    fn execute(&self, now: u64, words: &[String], transaction: u64) -> Vec<u8> {
        let word = |place: usize| words.get(place).map_or("", String::as_str);
        let name = word(0).to_ascii_uppercase();
        let id = self.id;
        self.world.note(|| format!("{id}: {}", words.join(" ")));
        let reply = self.world.with(|state| {
            state.mix(now, words.concat().as_bytes());
            match &*name {
                "HELLO" => b"%1\r\n$5\r\nproto\r\n:3\r\n".to_vec(),
                "PING" => b"+PONG\r\n".to_vec(),
                "ECHO" => bulk(word(1)),
                "CLIENT" if word(1) == "MAINT_NOTIFICATIONS" => {
                    let retained = &state.places[state.wires[&id].place].retained;
                    let reply = [b"+OK\r\n", &retained[..]].concat();
                    state.wires.entry(id).or_default().asked = true;
                    reply
                }
                "INCRBY" => {
                    let number = word(2).parse().expect("a number");
                    state.executed.push(Executed { key: word(1).into(), number, transaction });
                    format!(":{number}\r\n").into_bytes()
                }
                "RPUSH" => {
                    let list = state.lists.entry(word(1).to_owned()).or_default();
                    list.push_back(word(2).to_owned());
                    format!(":{}\r\n", list.len()).into_bytes()
                }
                "SUBSCRIBE" | "UNSUBSCRIBE" => {
                    subscribe(state, id, &name.to_lowercase(), &words[1..])
                }
                "PUBLISH" => publish(state, word(1), word(2)),
                _ => b"+OK\r\n".to_vec(),
            }
        });
        if name == "RPUSH" {
            self.world.wake_all();
        }
        reply
    }

    fn reply(&mut self, now: u64, bytes: Vec<u8>) {
        let late = self.world.with(|state| {
            let late = state.random.one_in(LATE_ONE_IN);
            if late { state.random.below(1_500_000) } else { 0 }
        });
        self.send(now + late, bytes);
    }

    /// One is not earlier than the one before.
    fn send(&mut self, at: u64, bytes: Vec<u8>) {
        let id = self.id;
        let (delay, frozen) = self.world.with(|state| {
            let place = &state.places[state.wires[&id].place];
            (place.delays.1, place.frozen_until)
        });
        let last = self.outbox.back().map_or(0, |(due, _)| *due);
        self.outbox.push_back((last.max(at.max(frozen) + delay), bytes));
    }

    fn write(&mut self, now: u64, cx: &mut Context<'_>) {
        while let Some((due, bytes)) = self.outbox.front_mut() {
            if *due > now {
                return;
            }
            match Pin::new(&mut self.stream).poll_write(cx, bytes) {
                Poll::Ready(Ok(written)) if written == bytes.len() => drop(self.outbox.pop_front()),
                Poll::Ready(Ok(written)) => drop(bytes.drain(..written)),
                Poll::Ready(Err(_)) => {
                    self.ended = true;
                    return self.outbox.clear();
                }
                Poll::Pending => return,
            }
        }
    }

    fn end(&mut self) -> Poll<()> {
        let id = self.id;
        self.world.note(|| format!("{id} ends"));
        self.world.with(|state| state.wires.remove(&id));
        Poll::Ready(())
    }
}

impl Future for Connection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let id = this.id;
        loop {
            let now = this.world.now();
            let (delay, cut, pushes) = this.world.with(|state| {
                let wire = state.wires.entry(id).or_default();
                let pushes = std::mem::take(&mut wire.pushes);
                (state.places[wire.place].delays.0, wire.cut, pushes)
            });
            pushes.into_iter().for_each(|push| this.send(now, push));
            this.read(now + delay, cx);
            if let Some(arrives) = cut {
                if arrives {
                    this.inbox.iter_mut().for_each(|(at, _)| *at = now);
                    this.serve(now);
                }
                this.stream.fail(io::ErrorKind::ConnectionReset);
                return this.end();
            }
            this.serve(now);
            this.write(now, cx);
            if this.ended && (this.inbox.is_empty() || this.blocked.is_some()) {
                return this.end();
            }
            let deadline = this.blocked.as_ref().map(|(_, deadline)| *deadline);
            let arrives = this.inbox.front().map(|(at, _)| *at).filter(|_| deadline.is_none());
            let due = this.outbox.front().map(|(due, _)| *due);
            let next = [deadline, arrives, due].into_iter().flatten().filter(|at| *at > now).min();
            this.world.with(|state| {
                state.wires.entry(id).or_default().waker = Some(cx.waker().clone());
            });
            let Some(next) = next else { return Poll::Pending };
            this.timer.reset(this.world.runtime.now() + Duration::from_micros(next - now));
            if this.timer.poll_expired(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

fn subscribe(state: &mut State, id: u64, verb: &str, channels: &[String]) -> Vec<u8> {
    let wire = state.wires.entry(id).or_default();
    let mut pushes = Vec::new();
    for channel in channels {
        match verb {
            "subscribe" => wire.channels.insert(channel.clone()),
            _ => wire.channels.remove(channel),
        };
        pushes.extend_from_slice(b">3\r\n");
        pushes.extend(bulk(verb));
        pushes.extend(bulk(channel));
        pushes.extend(format!(":{}\r\n", wire.channels.len()).into_bytes());
    }
    pushes
}

fn publish(state: &mut State, channel: &str, text: &str) -> Vec<u8> {
    state.published.push(text.parse().expect("a number"));
    let push = [b">3\r\n".to_vec(), bulk("message"), bulk(channel), bulk(text)].concat();
    let heard = state.wires.values_mut().filter(|wire| wire.channels.contains(channel));
    let count = heard.map(|wire| wire.pushes.push_back(push.clone())).count();
    format!(":{count}\r\n").into_bytes()
}

fn bulk(text: &str) -> Vec<u8> {
    format!("${}\r\n{text}\r\n", text.len()).into_bytes()
}

fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [format!("*{}\r\n", items.len()).into_bytes(), items.concat()].concat()
}
