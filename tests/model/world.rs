//! The model on simulated time: what happens by itself happens when it is due, and connections lead to its nodes.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Waker},
    time::Duration,
};

use futures::future::poll_fn;
use redmux::transport::{DialError, DialStage, Endpoint, Runtime, Transport};
use redmux_memory::{DialAnswer, MemoryListener, MemoryTransport, SimRuntime};
use redmux_test_support::{
    model::{Life, Model},
    push_of,
};

use crate::wire;

/// The way between the client and a node
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Path {
    /// How long a message takes to the node, and back, in microseconds.
    pub(crate) delays: (u64, u64),
    /// Nothing arrives at the node, or at the client.
    pub(crate) holds: (bool, bool),
    /// Dials are refused while nothing gets through; otherwise they hang.
    pub(crate) refuses: bool,
}

/// A connection, as the world knows it
#[derive(Debug, Default)]
pub(crate) struct Wire {
    pub(crate) node: usize,
    pub(crate) waker: Option<Waker>,
    /// It has asked for notices of maintenance.
    pub(crate) asked: bool,
    /// What is pushed to it and is not on its way yet.
    pub(crate) pushes: Vec<Vec<u8>>,
    /// It is broken; whether what is on its way to the node arrives.
    pub(crate) cut: Option<bool>,
}

/// What the client was told of a slot
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) to: usize,
    /// When the redirect arrived.
    pub(crate) at: u64,
    /// When the client first acted on it: a redirect of a call that is over changes nothing.
    pub(crate) followed: Option<u64>,
    /// A node that said otherwise since, when it was asked for the map.
    pub(crate) denied_by: Option<usize>,
    /// The client went elsewhere all the same.
    pub(crate) strayed: bool,
    /// When it was told again after that.
    pub(crate) again: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) model: Model,
    pub(crate) paths: Vec<Path>,
    pub(crate) wires: BTreeMap<u64, Wire>,
    /// Redirects that have arrived at the client, by slot.
    pub(crate) told: BTreeMap<u16, Told>,
    /// When something last went wrong outside of the model.
    pub(crate) troubled_at: u64,
    /// What is wrong.
    pub(crate) faults: Vec<String>,
    pub(crate) dials: u64,
    /// Nodes announce maintenance; the number of the last notice.
    pub(crate) notices: Option<u64>,
    /// What connections get as soon as they ask for notices.
    pub(crate) retained: Vec<u8>,
    /// Mixed from all that happened: two runs of one history have the same.
    pub(crate) trace: u64,
    engine: Option<Waker>,
    /// The tasks of this world end.
    closed: bool,
    prints: bool,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) runtime: SimRuntime,
    state: Mutex<State>,
}

impl World {
    pub(crate) fn start(
        runtime: &SimRuntime,
        model: Model,
        paths: Vec<Path>,
        listener: MemoryListener,
        prints: bool,
    ) -> Arc<Self> {
        let state = State {
            model,
            paths,
            wires: BTreeMap::new(),
            told: BTreeMap::new(),
            troubled_at: 0,
            faults: Vec::new(),
            dials: 0,
            notices: None,
            retained: Vec::new(),
            trace: 0,
            engine: None,
            closed: false,
            prints,
        };
        let world = Arc::new(Self { runtime: runtime.clone(), state: Mutex::new(state) });
        let deciding = Arc::downgrade(&world);
        listener.decide(move |endpoint| match deciding.upgrade() {
            Some(world) => world.dialled(endpoint),
            None => refused(),
        });
        runtime.spawn(Box::pin(world.clone().run()));
        let accepting = world.clone();
        runtime.spawn(Box::pin(async move {
            loop {
                let (stream, endpoint) = listener.accept().await;
                if accepting.with(|state| state.closed) {
                    return;
                }
                if let Some(node) = accepting.node_at(&endpoint) {
                    let connection = wire::Connection::new(accepting.clone(), stream, node);
                    accepting.runtime.spawn(Box::pin(connection));
                }
            }
        }));
        world
    }

    /// The time, in microseconds.
    pub(crate) fn now(&self) -> u64 {
        self.runtime.elapsed().as_micros() as u64
    }

    pub(crate) async fn pause(&self, micros: u64) {
        self.runtime.sleep(Duration::from_micros(micros)).await;
    }

    /// Notes what happens.
    pub(crate) fn note(&self, text: impl FnOnce() -> String) {
        let now = self.now();
        self.with(|state| state.note(now, text));
    }

    /// Does something to the world as it is now, and lets go on what can go on then.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let now = self.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.model.advance(now);
        let next = state.model.next_event();
        let done = act(&mut state);
        let mut woken = Vec::new();
        for node in state.model.take_stirred() {
            let wires = state.wires.values_mut().filter(|wire| wire.node == node);
            woken.extend(wires.filter_map(|wire| wire.waker.take()));
        }
        if state.model.next_event() != next {
            woken.extend(state.engine.take());
        }
        drop(state);
        woken.into_iter().for_each(Waker::wake);
        done
    }

    /// Breaks all connections to a node; whether what is on its way there arrives.
    pub(crate) fn cut(&self, node: usize, arrives: bool) {
        let cut = self.with(|state| {
            state.troubled_at = state.model.now();
            let wires = state.wires.values_mut().filter(|wire| wire.node == node);
            let cut = wires.filter_map(|wire| {
                wire.cut = Some(arrives);
                wire.waker.take()
            });
            cut.collect::<Vec<_>>()
        });
        cut.into_iter().for_each(Waker::wake);
    }

    /// All nodes say this to the connections that asked, if they announce maintenance at all.
    pub(crate) fn announce(&self, words: impl FnOnce(u64) -> String) {
        let now = self.now();
        let woken = self.with(|state| {
            let Some(number) = &mut state.notices else { return Vec::new() };
            *number += 1;
            let words = words(*number);
            state.retained = push_of(&words);
            let wires = state.wires.values_mut().filter(|wire| wire.asked);
            let woken = wires.filter_map(|wire| {
                wire.pushes.push(state.retained.clone());
                wire.waker.take()
            });
            let woken: Vec<Waker> = woken.collect();
            state.note(now, || format!("announced: {words}"));
            woken
        });
        woken.into_iter().for_each(Waker::wake);
    }

    /// Changes the way to a node.
    pub(crate) fn path(&self, node: usize, change: impl FnOnce(&mut Path)) {
        let woken = self.with(|state| {
            change(&mut state.paths[node]);
            state.troubled_at = state.model.now();
            let wires = state.wires.values_mut().filter(|wire| wire.node == node);
            wires.filter_map(|wire| wire.waker.take()).collect::<Vec<_>>()
        });
        woken.into_iter().for_each(Waker::wake);
    }

    /// Ends all tasks of this world, which hold each other.
    pub(crate) async fn close(&self, transport: &MemoryTransport) {
        let size = self.with(|state| {
            state.closed = true;
            state.engine.take().into_iter().for_each(Waker::wake);
            state.model.size()
        });
        (0..size).for_each(|node| self.cut(node, false));
        // One more to accept.
        let (host, port) = self.with(|state| state.model.address(0));
        drop(transport.connect(&Endpoint::tcp(host, port)).await);
        self.pause(1).await;
    }

    /// Lets what happens by itself happen when it is due.
    async fn run(self: Arc<Self>) {
        let mut timer = self.runtime.timer(self.runtime.now());
        poll_fn(|cx| {
            loop {
                let (next, closed) = self.with(|state| (state.model.next_event(), state.closed));
                if closed {
                    return Poll::Ready(());
                }
                self.state.lock().unwrap_or_else(PoisonError::into_inner).engine =
                    Some(cx.waker().clone());
                let Some(next) = next else { return Poll::Pending };
                let after = Duration::from_micros(next.saturating_sub(self.now()));
                timer.reset(self.runtime.now() + after);
                if timer.poll_expired(cx).is_pending() {
                    return Poll::Pending;
                }
            }
        })
        .await;
    }

    fn node_at(&self, endpoint: &Endpoint) -> Option<usize> {
        let Endpoint::Tcp { host, port } = endpoint else { return None };
        let known = |state: &State| {
            (0..state.model.size()).find(|node| {
                let (at, of) = state.model.address(*node);
                of == *port && at == **host
            })
        };
        known(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn dialled(&self, endpoint: &Endpoint) -> DialAnswer {
        let Some(node) = self.node_at(endpoint) else { return refused() };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.dials += 1;
        let path = state.paths[node];
        match state.model.life(node) {
            Life::Dead => refused(),
            _ if path.holds == (false, false) => DialAnswer::Accept,
            _ if path.refuses => refused(),
            _ => DialAnswer::Hang,
        }
    }
}

fn refused() -> DialAnswer {
    let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    DialAnswer::Refuse(DialError::new(DialStage::Dial, refused))
}

impl State {
    pub(crate) fn note(&mut self, now: u64, text: impl FnOnce() -> String) {
        if self.prints {
            println!("{:9.3} ms  {}", now as f64 / 1000.0, text());
        }
    }

    /// Mixes something into what two runs of a history have in common.
    pub(crate) fn mix(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.trace = (self.trace ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.trace = (self.trace ^ self.model.now()).wrapping_mul(0x0100_0000_01b3);
    }
}
