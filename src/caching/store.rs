use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use super::{flight::Flight, options::CacheStats};
use crate::resp::Frame;

/// The bytes of a command, and which of its arguments is the key
pub(crate) struct Request {
    pub(crate) key: Box<[u8]>,
    pub(crate) bytes: Box<[u8]>,
}

/// What an entry costs beside its bytes, by estimate.
const OVERHEAD: usize = 200;

/// Requests and their replies, by key
pub(super) struct Store {
    max_bytes: usize,
    keys: HashMap<Box<[u8]>, Vec<Item>>,
    /// Kept replies in the order in which they are looked at when room is needed.
    queue: VecDeque<(Box<[u8]>, u64)>,
    next_token: u64,
    stats: CacheStats,
}

struct Item {
    request: Box<[u8]>,
    /// Tells this item from those that were here before.
    token: u64,
    state: State,
}

enum State {
    Fetching(Arc<Flight>),
    Kept {
        reply: Frame,
        /// Microseconds of the link's clock.
        expires: u64,
        /// Asked for since it was last looked at for room.
        used: bool,
    },
}

/// What became of a look
pub(crate) enum Found {
    Reply(Frame),
    /// Somebody is fetching it.
    Flight(Arc<Flight>),
    /// To be fetched, and filled in under this token.
    Missing(u64, Arc<Flight>),
    /// The server does not track: nothing can be kept.
    Untracked,
}

impl Store {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            keys: HashMap::new(),
            queue: VecDeque::new(),
            next_token: 0,
            stats: CacheStats::default(),
        }
    }

    pub(super) fn stats(&self) -> CacheStats {
        self.stats
    }

    pub(super) fn look_up(&mut self, request: &Request, now: u64) -> Found {
        if !self.stats.tracking {
            self.stats.misses += 1;
            return Found::Untracked;
        }
        let items = match self.keys.get_mut(&request.key) {
            Some(items) => items,
            None => self.keys.entry(request.key.clone()).or_default(),
        };
        let place = items.iter().position(|item| item.request == request.bytes);
        if let Some(item) = place.and_then(|place| items.get_mut(place)) {
            match &mut item.state {
                State::Kept { reply, expires, used } if *expires > now => {
                    *used = true;
                    self.stats.hits += 1;
                    return Found::Reply(reply.clone());
                }
                State::Fetching(flight) => {
                    self.stats.shared += 1;
                    return Found::Flight(flight.clone());
                }
                State::Kept { .. } => {}
            }
        }
        if let Some(place) = place {
            let old = items.swap_remove(place);
            self.stats.account_for_loss(&request.key, &old);
        }
        self.stats.misses += 1;
        self.next_token += 1;
        let flight = Arc::new(Flight::default());
        items.push(Item {
            request: request.bytes.clone(),
            token: self.next_token,
            state: State::Fetching(flight.clone()),
        });
        Found::Missing(self.next_token, flight)
    }

    /// Keeps a reply, if its request is still of interest.
    pub(super) fn fill(&mut self, key: &[u8], token: u64, reply: Frame, expires: u64) {
        let Some(item) = self.keys.get_mut(key).and_then(|items| find(items, token)) else {
            return;
        };
        item.state = State::Kept { reply, expires, used: false };
        self.stats.entries += 1;
        self.stats.bytes += cost(key, item);
        self.queue.push_back((key.into(), token));
        self.shrink_to(self.max_bytes);
        if self.queue.len() > 2 * self.stats.entries + 64 {
            let keys = &self.keys;
            self.queue.retain(|(key, token)| {
                keys.get(key).is_some_and(|items| items.iter().any(|item| item.token == *token))
            });
        }
    }

    /// Drops replies until the others take no more than this many bytes.
    pub(super) fn shrink_to(&mut self, bytes: usize) {
        while self.stats.bytes > bytes && self.evict_one() {}
    }

    /// A reply that was to be filled in will not be.
    pub(super) fn forget(&mut self, key: &[u8], token: u64) {
        let Some(items) = self.keys.get_mut(key) else { return };
        items.retain(|item| item.token != token || matches!(item.state, State::Kept { .. }));
        if items.is_empty() {
            self.keys.remove(key);
        }
    }

    pub(super) fn invalidate(&mut self, key: &[u8]) {
        for item in self.keys.remove(key).unwrap_or_default() {
            self.stats.invalidated += u64::from(self.stats.account_for_loss(key, &item));
        }
    }

    pub(super) fn invalidate_all(&mut self) {
        self.keys.clear();
        self.queue.clear();
        self.stats.cleared += 1;
        self.stats.entries = 0;
        self.stats.bytes = 0;
    }

    pub(super) fn reset(&mut self, tracking: bool) {
        if !self.keys.is_empty() {
            self.invalidate_all();
        }
        self.stats.tracking = tracking;
    }

    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Drops the kept reply that was not asked for lately; false if there is none.
    fn evict_one(&mut self) -> bool {
        while let Some((key, token)) = self.queue.pop_front() {
            let Some(items) = self.keys.get_mut(&key) else { continue };
            let Some(place) = items.iter().position(|item| item.token == token) else { continue };
            if let State::Kept { used, .. } = &mut items[place].state
                && std::mem::take(used)
            {
                self.queue.push_back((key, token));
                continue;
            }
            let item = items.swap_remove(place);
            if items.is_empty() {
                self.keys.remove(&key);
            }
            self.stats.evicted += u64::from(self.stats.account_for_loss(&key, &item));
            return true;
        }
        false
    }
}

impl CacheStats {
    /// Whether the item that is gone held a reply.
    fn account_for_loss(&mut self, key: &[u8], item: &Item) -> bool {
        let held = matches!(item.state, State::Kept { .. });
        if held {
            self.entries -= 1;
            self.bytes -= cost(key, item);
        }
        held
    }
}

fn find(items: &mut [Item], token: u64) -> Option<&mut Item> {
    items.iter_mut().find(|item| item.token == token)
}

fn cost(key: &[u8], item: &Item) -> usize {
    let reply = match &item.state {
        State::Kept { reply, .. } => reply.len(),
        State::Fetching(_) => 0,
    };
    // The key is in the table and in the queue.
    2 * key.len() + item.request.len() + reply + OVERHEAD
}
