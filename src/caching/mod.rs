//! Client-side caching: replies kept here until the server says that their key has changed.
//!
//! The server tracks what this connection reads (`CLIENT TRACKING`, RESP3). Replies
//! and invalidations travel on one connection, and both are taken in, in their order, under the
//! link's lock: a reply from before an invalidation never outlives it.

mod flight;
mod options;
mod reads;
mod store;
#[cfg(feature = "topology")]
mod together;

use std::{
    fmt,
    sync::{Arc, PoisonError},
};

pub(crate) use flight::{Flight, Landed};
pub use options::{CacheOptions, CacheStats};
pub(crate) use reads::is_cacheable;
use store::Store;
pub(crate) use store::{Found, Request};
#[cfg(feature = "topology")]
pub(crate) use together::Together;

use crate::{
    Error,
    clock::micros,
    commands::CommandMap,
    resp::{Arg, Frame, encode_command},
    sync::{Mutex, MutexGuard},
};

/// The cache of one connection
///
/// Lock order: taken inside the link's lock, never around it.
pub(crate) struct Cache {
    pub(crate) options: CacheOptions,
    commands: CommandMap,
    store: Arc<Mutex<Store>>,
    /// Other caches with which it shares its memory.
    #[cfg(feature = "topology")]
    together: Option<Arc<Together>>,
}

impl Cache {
    pub(crate) fn new(options: CacheOptions, commands: CommandMap) -> Self {
        let store = Arc::new(Mutex::new(Store::new(options.max_bytes)));
        Self {
            options,
            commands,
            store,
            #[cfg(feature = "topology")]
            together: None,
        }
    }

    /// One that shares its memory with others.
    #[cfg(feature = "topology")]
    pub(crate) fn among(
        together: &Arc<Together>,
        options: CacheOptions,
        commands: CommandMap,
    ) -> Self {
        let cache = Self::new(options, commands);
        together.add(&cache.store);
        Self { together: Some(together.clone()), ..cache }
    }

    /// What the handshake sends.
    pub(crate) fn tracking(&self) -> Vec<&str> {
        let mut args = vec!["CLIENT", "TRACKING", "ON"];
        match &self.options.broadcast {
            None => args.push("OPTIN"),
            Some(prefixes) => {
                args.push("BCAST");
                prefixes.iter().for_each(|prefix| args.extend(["PREFIX", prefix]));
            }
        }
        args
    }

    /// The command that has the server track the next one's key, where that is needed.
    pub(crate) fn consent(&self) -> Option<Vec<u8>> {
        if self.options.broadcast.is_some() {
            return None;
        }
        let client = self.commands.name_of("CLIENT").as_bytes();
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &[client, b"CACHING", b"YES"].map(Arg::Bytes));
        Some(bytes)
    }

    /// A connection begins or ends: nothing that was known is known any more.
    pub(crate) fn reset(&self, tracking: bool) {
        self.with(|store| store.reset(tracking));
    }

    /// Nothing that is known is of use any more: other servers have the keys by now.
    #[cfg(feature = "topology")]
    pub(crate) fn clear(&self) {
        self.with(|store| store.reset(store.stats().tracking));
    }

    /// Forgets the keys that a push with the first word `invalidate` names.
    pub(crate) fn invalidated(&self, push: &Frame) {
        let Some(mut items) = push.reply().items() else { return };
        self.with(|store| match items.nth(1).and_then(|keys| keys.items()) {
            Some(keys) => {
                for key in keys.filter_map(|key| key.as_bytes()) {
                    store.invalidate(&key);
                }
            }
            // `FLUSHALL` and the like: all of them.
            None => store.invalidate_all(),
        });
    }

    pub(crate) fn stats(&self) -> CacheStats {
        self.lock().stats()
    }

    /// The reply, if the cache has it and it is fresh at `now`; or the call that is fetching it.
    pub(crate) fn look_up(&self, request: &Request, now: u64) -> Found {
        self.with(|store| store.look_up(request, now))
    }

    /// Changes what it keeps, and notes how much memory that is.
    fn with<R>(&self, change: impl FnOnce(&mut Store) -> R) -> R {
        let mut store = self.lock();
        #[cfg(feature = "topology")]
        let before = store.stats().bytes;
        let result = change(&mut store);
        #[cfg(feature = "topology")]
        if let Some(together) = &self.together {
            together.note(before, store.stats().bytes);
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("options", &self.options).finish_non_exhaustive()
    }
}

/// The duty to fetch a reply; given up when dropped
pub(crate) struct Lead {
    pub(crate) cache: Arc<Cache>,
    pub(crate) key: Box<[u8]>,
    pub(crate) token: u64,
    pub(crate) flight: Arc<Flight>,
}

impl Lead {
    /// Keeps the reply, unless it was invalidated meanwhile, and hands it to who waits.
    pub(crate) fn land(&self, reply: Frame, now: u64) {
        let options = &self.cache.options;
        let expires = now.saturating_add(micros(Some(options.max_age)));
        if reply.len() <= options.max_reply_bytes {
            self.cache.with(|store| store.fill(&self.key, self.token, reply.clone(), expires));
            #[cfg(feature = "topology")]
            if let Some(together) = &self.cache.together {
                together.make_room();
            }
        }
        self.flight.land(Landed::Reply(reply));
    }

    /// Hands the reply to who waits, without keeping it: nobody would announce changes.
    #[cfg(feature = "topology")]
    pub(crate) fn pass_on(&self, reply: Frame) {
        self.cache.with(|store| store.forget(&self.key, self.token));
        self.flight.land(Landed::Reply(reply));
    }

    /// The server answered with an error: it is not kept, and the calls that wait get it.
    pub(crate) fn refused(&self, error: &Error) {
        // First, so that no further call waits for it.
        self.cache.with(|store| store.forget(&self.key, self.token));
        self.flight.land(Landed::Refused(error.clone()));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.cache.with(|store| store.forget(&self.key, self.token));
        self.flight.land(Landed::GivenUp);
    }
}

#[cfg(test)]
mod tests;
