use std::{fmt, time::Duration};

/// What is cached on this side, how much of it, and for how long
///
/// Given to [`Options::client_cache`](crate::Options::client_cache); then
/// [`Call::cached`](crate::Call::cached) uses the cache.
///
/// ```no_run
/// # #[cfg(feature = "async-std")]
/// # async fn f() -> redmux::Result<()> {
/// use redmux::{ConnectionMultiplexer, Options, cache::CacheOptions};
///
/// let options = Options::new("localhost").client_cache(CacheOptions::default());
/// let muxer = ConnectionMultiplexer::connect(options).await?;
/// let db = muxer.database();
/// for _ in 0..1000 {
///     // Asked of the server once, until somebody changes it.
///     let name: Option<String> = db.get("name").cached().await?;
/// }
/// println!("{}", muxer.cache_stats().expect("there is a cache"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct CacheOptions {
    pub(crate) max_bytes: usize,
    pub(crate) max_reply_bytes: usize,
    pub(crate) max_age: Duration,
    /// `None`: the server tracks each key that was asked for.
    pub(crate) broadcast: Option<Vec<String>>,
}

impl Default for CacheOptions {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_reply_bytes: 1 << 20,
            max_age: Duration::from_secs(60),
            broadcast: None,
        }
    }
}

impl CacheOptions {
    /// Memory for keys, requests and replies together, in bytes, by estimate. What was not asked
    /// for lately goes first. Default 64 MiB.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Replies larger than this, in bytes, are not kept. Default 1 MiB.
    pub fn max_reply_bytes(mut self, bytes: usize) -> Self {
        self.max_reply_bytes = bytes;
        self
    }

    /// The age at which a reply is asked for again even if the server announced no change.
    /// Default 1 min.
    ///
    /// It bounds how stale a reply can be while the connection is dead and this is not known yet
    /// (see [`Options::keep_alive`](crate::Options::keep_alive)).
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Has the server announce changes of all keys that begin with one of `prefixes`, instead of
    /// remembering which keys this client asked for; other keys are not cached.
    ///
    /// That costs the server no memory for each key, and this client a message for each change of
    /// any such key. No prefix may begin with another one.
    ///
    /// [`CLIENT TRACKING … BCAST`](https://redis.io/docs/latest/commands/client-tracking/)
    pub fn broadcast<P: Into<String>>(mut self, prefixes: impl IntoIterator<Item = P>) -> Self {
        self.broadcast = Some(prefixes.into_iter().map(Into::into).collect());
        self
    }

    /// Whether changes of `key` are announced.
    pub(crate) fn covers(&self, key: &[u8]) -> bool {
        match &self.broadcast {
            None => true,
            Some(prefixes) => {
                prefixes.is_empty()
                    || prefixes.iter().any(|prefix| key.starts_with(prefix.as_bytes()))
            }
        }
    }
}

/// What a cache holds, and how it did since the multiplexer was made
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheStats {
    /// The server tracks at this moment; if not, every call asks the server. It does not
    /// without a connection, over RESP2, and where it refuses `CLIENT TRACKING`.
    pub tracking: bool,
    /// Replies kept.
    pub entries: usize,
    /// Bytes used by them, by estimate.
    pub bytes: usize,
    /// Calls answered from the cache.
    pub hits: u64,
    /// Calls that asked the server.
    pub misses: u64,
    /// Calls that waited for the reply to another call's request.
    pub shared: u64,
    /// Replies dropped because the server announced a change.
    pub invalidated: u64,
    /// Replies dropped to make room.
    pub evicted: u64,
    /// Times that everything was dropped: a connection was lost or a database flushed.
    pub cleared: u64,
}

impl fmt::Display for CacheStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tracking, entries, bytes, hits, misses, shared, .. } = self;
        let tracking = if *tracking { "on" } else { "off" };
        write!(f, "cache: tracking {tracking}, {entries} replies ({bytes} B), {hits} hits, ")?;
        write!(f, "{misses} misses, {shared} shared, {} invalidated, ", self.invalidated)?;
        write!(f, "{} evicted, {} times cleared", self.evicted, self.cleared)
    }
}
