//! One connection to a node: commands arrive after a while, and so do replies.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::io::{AsyncRead, AsyncWrite};
use redmux::transport::{Runtime, Timer};
use redmux_memory::Duplex;
use redmux_test_support::model::{Answer, Life, Session, slot_of};

use crate::world::{State, Told, Wire, World};

/// A command that was sent
struct Sent {
    at: u64,
    arrives: u64,
    words: Vec<Vec<u8>>,
}

/// A connection to a node
pub(crate) struct Connection {
    world: Arc<World>,
    stream: Duplex,
    node: usize,
    session: Session,
    received: Vec<u8>,
    inbox: VecDeque<Sent>,
    outbox: VecDeque<(u64, Vec<u8>)>,
    timer: Box<dyn Timer>,
    ended: bool,
}

impl Connection {
    pub(crate) fn new(world: Arc<World>, stream: Duplex, node: usize) -> Self {
        let session = world.with(|state| {
            let session = state.model.session(node);
            state.wires.insert(session.id(), Wire { node, ..Wire::default() });
            session
        });
        let timer = world.runtime.timer(world.runtime.now());
        Self {
            world,
            stream,
            node,
            session,
            received: Vec::new(),
            inbox: VecDeque::new(),
            outbox: VecDeque::new(),
            timer,
            ended: false,
        }
    }

    /// Takes what the client has written.
    fn read(&mut self, now: u64, delay: u64, cx: &mut Context<'_>) {
        let mut block = [0; 2048];
        while !self.ended {
            match Pin::new(&mut self.stream).poll_read(cx, &mut block) {
                Poll::Ready(Ok(read @ 1..)) => self.received.extend_from_slice(&block[..read]),
                Poll::Ready(_) => self.ended = true,
                Poll::Pending => break,
            }
        }
        let mut place = 0;
        while let Some((words, end)) = command(&self.received, place) {
            self.inbox.push_back(Sent { at: now, arrives: now + delay, words });
            place = end;
        }
        self.received.drain(..place);
    }

    /// Has the node execute what has arrived; whether that is all that can be done now.
    fn serve(&mut self, state: &mut State, now: u64) {
        while self.inbox.front().is_some_and(|sent| sent.arrives <= now) {
            let path = state.paths[self.node];
            if state.model.life(self.node) != Life::Up || path.holds.0 {
                return;
            }
            let Some(sent) = self.inbox.pop_front() else { return };
            self.judge(state, &sent);
            if sent.words.get(1).is_some_and(|word| word == b"MAINT_NOTIFICATIONS") {
                state.wires.entry(self.session.id()).or_default().asked = true;
                let reply = [b"+OK\r\n", &state.retained[..]].concat();
                self.outbox.push_back((now + path.delays.1, reply));
                continue;
            }
            match state.model.command(&mut self.session, &sent.words) {
                Answer::Later => return self.inbox.push_front(sent),
                Answer::Reply(bytes) => {
                    state.mix(&sent.words[0]);
                    state.mix(&bytes);
                    let node = self.node;
                    state.note(now, || {
                        let text =
                            |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", " ");
                        let words: Vec<String> = sent.words.iter().map(|word| text(word)).collect();
                        let reply: String = text(&bytes).chars().take(70).collect();
                        format!("{node}: {} -> {reply}", words.join(" "))
                    });
                    self.outbox.push_back((now + path.delays.1, bytes));
                }
            }
        }
    }

    /// Whether the client could know that the command belongs elsewhere.
    fn judge(&self, state: &mut State, sent: &Sent) {
        let name = &sent.words[0][..];
        if !matches!(name, b"GET" | b"SET" | b"INCR" | b"APPEND" | b"MGET" | b"MSET") {
            if name == b"CLUSTER" {
                // A redirect outweighs the word of a node that may know less, and not that of two.
                let State { model, told, .. } = state;
                let node = self.node;
                told.retain(|slot, told| {
                    if model.owner_by(node, *slot) == Some(told.to) {
                        return true;
                    }
                    let before = told.denied_by.replace(node);
                    node != told.to && before.is_none_or(|before| before == node)
                });
            }
            return;
        }
        let slot = slot_of(&sent.words[1]);
        let Some(told) = state.told.get_mut(&slot) else { return };
        if told.to == self.node {
            told.followed = told.followed.or_else(|| (sent.at >= told.at).then_some(sent.at));
        }
        let told = *told;
        let is_later = told.followed.is_some_and(|followed| sent.at > followed);
        if !is_later || told.to == self.node || self.session.reads() {
            return;
        }
        let (model, node) = (&state.model, self.node);
        // A redirect of another slot may look like a failover of the whole shard, once.
        let is_so = !model.is_moving(slot)
            && model.owner(slot) == Some(told.to)
            && model.disturbed_at(slot) < told.at;
        if is_so && !model.replicas_of(told.to).contains(&node) {
            if told.again.is_none_or(|again| sent.at <= again) {
                state.told.entry(slot).and_modify(|told| told.strayed = true);
                return;
            }
            let text = String::from_utf8_lossy(&sent.words[1]).into_owned();
            state.faults.push(format!(
                "{} {text} goes to node {node} at {} µs, though the client heard of node {} at {} µs",
                String::from_utf8_lossy(name),
                sent.at,
                told.to,
                told.at,
            ));
        }
    }

    /// Gives the client the replies that have arrived.
    fn write(&mut self, now: u64, cx: &mut Context<'_>) {
        while let Some((arrives, bytes)) = self.outbox.front_mut() {
            if *arrives > now {
                return;
            }
            match Pin::new(&mut self.stream).poll_write(cx, bytes) {
                Poll::Ready(Ok(written)) if written == bytes.len() => {
                    let Some((_, bytes)) = self.outbox.pop_front() else { return };
                    self.world.with(|state| told(state, now, &bytes));
                }
                Poll::Ready(Ok(written)) => drop(bytes.drain(..written)),
                Poll::Ready(Err(_)) => {
                    self.ended = true;
                    return self.outbox.clear();
                }
                Poll::Pending => return,
            }
        }
    }
}

impl Future for Connection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            let now = this.world.now();
            let id = this.session.id();
            let (path, cut, pushes) = this.world.with(|state| {
                let wire = state.wires.entry(id).or_default();
                wire.waker = Some(cx.waker().clone());
                (state.paths[this.node], wire.cut, std::mem::take(&mut wire.pushes))
            });
            let pushes = pushes.into_iter().map(|push| (now + path.delays.1, push));
            this.outbox.extend(pushes);
            this.read(now, path.delays.0, cx);
            if let Some(arrives) = cut {
                if arrives {
                    this.inbox.iter_mut().for_each(|sent| sent.arrives = now);
                    this.world.clone().with(|state| this.serve(state, now));
                }
                this.stream.fail(io::ErrorKind::ConnectionReset);
                this.world.with(|state| state.wires.remove(&id));
                return Poll::Ready(());
            }
            this.world.clone().with(|state| this.serve(state, now));
            if !path.holds.1 {
                this.write(now, cx);
            }
            if this.ended && this.inbox.is_empty() {
                this.world.with(|state| state.wires.remove(&id));
                return Poll::Ready(());
            }
            let arrives = this.inbox.front().map(|sent| sent.arrives);
            let due = arrives.into_iter().chain(this.outbox.front().map(|(arrives, _)| *arrives));
            let Some(due) = due.filter(|due| *due > now).min() else { return Poll::Pending };
            this.timer.reset(this.world.runtime.now() + Duration::from_micros(due - now));
            if this.timer.poll_expired(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

/// Notes what the client learns from a reply.
fn told(state: &mut State, now: u64, reply: &[u8]) {
    let Some(text) = reply.strip_prefix(b"-MOVED ") else { return };
    let text = String::from_utf8_lossy(text);
    let mut words = text.split_whitespace();
    let (Some(slot), Some(at)) = (words.next(), words.next()) else { return };
    let port = at.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let to = (0..state.model.size()).find(|node| Some(state.model.address(*node).1) == port);
    if let (Ok(slot), Some(to)) = (slot.parse(), to) {
        if let Some(told) = state.told.get_mut(&slot).filter(|told| told.to == to) {
            told.again = told.again.or_else(|| told.strayed.then_some(now));
            return;
        }
        state.told.insert(
            slot,
            Told { to, at: now, followed: None, denied_by: None, strayed: false, again: None },
        );
    }
}

/// The words of the command that begins here, and where it ends, if it is there as a whole.
fn command(bytes: &[u8], mut place: usize) -> Option<(Vec<Vec<u8>>, usize)> {
    let number = |place: &mut usize| {
        let line = bytes.get(*place + 1..)?;
        let end = line.windows(2).position(|two| two == b"\r\n")?;
        *place += end + 3;
        std::str::from_utf8(&line[..end]).ok()?.parse::<usize>().ok()
    };
    let count = number(&mut place)?;
    let mut words = Vec::with_capacity(count);
    for _ in 0..count {
        let length = number(&mut place)?;
        words.push(bytes.get(place..place + length)?.to_vec());
        place += length + 2;
    }
    (place <= bytes.len()).then_some((words, place))
}
