//! A server with endpoints that come and go, on simulated time.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io,
    sync::{Arc, Mutex, PoisonError},
    task::Waker,
    time::Duration,
};

use redmux::transport::{DialError, DialStage, Endpoint, Environment, Runtime};
use redmux_memory::{DialAnswer, MemoryListener, MemoryTransport, SimRuntime};
use redmux_test_support::model::Random;

use super::wire::Connection;

/// The name that the program has.
pub(super) const NAME: &str = "db.example";
pub(super) const PORT: u16 = 6379;

/// What becomes of a dial
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    Yes,
    Refuses,
    Hangs,
}

/// An endpoint of the server
#[derive(Debug)]
pub(super) struct Place {
    pub(super) open: Open,
    /// How long a message takes there, and back, in microseconds.
    pub(super) delays: (u64, u64),
    /// Nothing is answered before this moment.
    pub(super) frozen_until: u64,
    /// What each connection gets as soon as it has asked for notices.
    pub(super) retained: Vec<u8>,
}

/// A connection, as the world knows it
#[derive(Debug, Default)]
pub(super) struct Wire {
    pub(super) place: usize,
    /// It has asked for notices.
    pub(super) asked: bool,
    pub(super) channels: BTreeSet<String>,
    /// What is pushed to it and is not on its way yet.
    pub(super) pushes: VecDeque<Vec<u8>>,
    /// It breaks; whether what is on its way to the server arrives.
    pub(super) cut: Option<bool>,
    pub(super) waker: Option<Waker>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Executed {
    pub(super) key: String,
    pub(super) number: u64,
    /// The transaction that it was part of.
    pub(super) transaction: u64,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) places: Vec<Place>,
    /// Where the name leads.
    pub(super) name_at: usize,
    pub(super) wires: BTreeMap<u64, Wire>,
    pub(super) executed: Vec<Executed>,
    pub(super) published: Vec<u64>,
    pub(super) lists: BTreeMap<String, VecDeque<String>>,
    pub(super) transactions: u64,
    pub(super) dials: u64,
    pub(super) random: Random,
    pub(super) trace: u64,
    connections: u64,
    prints: bool,
}

#[derive(Clone)]
pub(super) struct World {
    pub(super) runtime: SimRuntime,
    state: Arc<Mutex<State>>,
}

impl Place {
    pub(super) fn new(delays: (u64, u64)) -> Self {
        Self { open: Open::Yes, delays, frozen_until: 0, retained: Vec::new() }
    }
}

impl World {
    pub(super) fn start(seed: u64, prints: bool) -> (Self, Environment) {
        let runtime = SimRuntime::new();
        runtime.set_seed(seed);
        let (transport, listener) = MemoryTransport::new();
        let state = State {
            places: vec![Place::new((100, 100))],
            name_at: 0,
            wires: BTreeMap::new(),
            executed: Vec::new(),
            published: Vec::new(),
            lists: BTreeMap::new(),
            transactions: 0,
            dials: 0,
            random: Random::new(seed ^ 0x5eed),
            trace: 0,
            connections: 0,
            prints,
        };
        let world = Self { runtime: runtime.clone(), state: Arc::new(Mutex::new(state)) };
        world.accept(listener);
        (world, Environment::new(transport, runtime))
    }

    fn accept(&self, listener: MemoryListener) {
        let deciding = self.state.clone();
        listener.decide(move |endpoint| {
            let mut state = deciding.lock().unwrap_or_else(PoisonError::into_inner);
            state.dials += 1;
            let open = state.place_at(endpoint).map(|place| state.places[place].open);
            match open {
                Some(Open::Yes) => DialAnswer::Accept,
                Some(Open::Hangs) => DialAnswer::Hang,
                Some(Open::Refuses) | None => {
                    let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
                    DialAnswer::Refuse(DialError::new(DialStage::Dial, refused))
                }
            }
        });
        let world = self.clone();
        self.runtime.spawn(Box::pin(async move {
            loop {
                let (stream, endpoint) = listener.accept().await;
                let id = world.with(|state| {
                    let place = state.place_at(&endpoint).unwrap_or_default();
                    state.connections += 1;
                    let id = state.connections;
                    state.wires.insert(id, Wire { place, ..Wire::default() });
                    id
                });
                world.note(|| format!("connection {id} to {endpoint}"));
                let most = world.with(|state| state.random.pick(&[1, 7, 4096, 4096]));
                stream.set_peer_max_read(most);
                world.runtime.spawn(Box::pin(Connection::new(world.clone(), stream, id)));
            }
        }));
    }

    /// The time, in microseconds.
    pub(super) fn now(&self) -> u64 {
        self.runtime.elapsed().as_micros() as u64
    }

    pub(super) async fn pause(&self, micros: u64) {
        self.runtime.sleep(Duration::from_micros(micros)).await;
    }

    /// Looks at the world or changes it; connections look what that means for them.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let done = act(&mut state);
        let is_for = |wire: &&mut Wire| wire.cut.is_some() || !wire.pushes.is_empty();
        let woken = state.wires.values_mut().filter(is_for).filter_map(|wire| wire.waker.take());
        let woken: Vec<Waker> = woken.collect();
        drop(state);
        woken.into_iter().for_each(Waker::wake);
        done
    }

    /// Something has come that connections may wait for.
    pub(super) fn wake_all(&self) {
        let woken: Vec<Waker> = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.wires.values_mut().filter_map(|wire| wire.waker.take()).collect()
        };
        woken.into_iter().for_each(Waker::wake);
    }

    pub(super) fn note(&self, text: impl FnOnce() -> String) {
        let now = self.now();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.prints {
            println!("{:9.3} ms  {}", now as f64 / 1000.0, text());
        }
    }

    /// Pushes this to all connections of a place that asked for notices.
    pub(super) fn push(&self, place: usize, bytes: &[u8]) {
        self.with(|state| {
            for wire in state.wires.values_mut().filter(|wire| wire.place == place && wire.asked) {
                wire.pushes.push_back(bytes.to_vec());
            }
        });
    }

    /// Ends all connections of a place, and lets nobody in any more.
    pub(super) fn shut(&self, place: usize, arrives: bool) {
        self.with(|state| {
            state.places[place].open = Open::Refuses;
            for wire in state.wires.values_mut().filter(|wire| wire.place == place) {
                wire.cut = Some(arrives);
            }
        });
    }
}

impl State {
    /// `db.example` is where the name leads; `10.0.0.3`, `fd00::3` and `node-3.example` are the place 3.
    fn place_at(&self, endpoint: &Endpoint) -> Option<usize> {
        let Endpoint::Tcp { host, port: PORT } = endpoint else { return None };
        if host == NAME {
            return Some(self.name_at);
        }
        let number = host
            .strip_prefix("10.0.0.")
            .or_else(|| host.strip_prefix("fd00::"))
            .or_else(|| host.strip_prefix("node-")?.strip_suffix(".example"))?;
        number.parse().ok().filter(|place| *place < self.places.len())
    }

    /// Connections of a place: those that asked for notices, and the others.
    pub(super) fn guests(&self, place: usize) -> (usize, usize) {
        let of_place = || self.wires.values().filter(move |wire| wire.place == place);
        (
            of_place().filter(|wire| wire.asked).count(),
            of_place().filter(|wire| !wire.asked).count(),
        )
    }

    /// Mixes something into what two runs of a history have in common.
    pub(super) fn mix(&mut self, now: u64, bytes: &[u8]) {
        for byte in bytes {
            self.trace = (self.trace ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.trace = (self.trace ^ now).wrapping_mul(0x0100_0000_01b3);
    }
}
