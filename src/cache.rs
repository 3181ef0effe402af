//! Client-side caching: replies that the server says are still true
//!
//! [`Options::client_cache`](crate::Options::client_cache) switches it on with [`CacheOptions`]. A call that may be
//! answered from the cache says [`cached`](crate::Call::cached), which gives a [`Cached`]. [`CacheStats`] counts hits and misses.

pub use crate::{
    caching::{CacheOptions, CacheStats},
    command::cached::Cached,
};
