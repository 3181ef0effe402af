//! Where native targets and a browser differ: thread-safety bounds and the clock.
//!
//! JavaScript values cannot cross threads, so transports in a browser are not
//! `Send`; natively everything is. The bound is written once, here, as a
//! supertrait, and the rest of the code needs no `cfg`.

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod imp {
    use std::{future::Future, pin::Pin};

    pub use std::time::Instant;
    use std::time::SystemTime;

    /// The time of day.
    pub fn time_of_day() -> SystemTime {
        SystemTime::now()
    }

    /// `Send` on native targets, no bound in a browser.
    pub trait MaybeSend: Send {}
    impl<T: ?Sized + Send> MaybeSend for T {}

    /// `Sync` on native targets, no bound in a browser.
    pub trait MaybeSync: Sync {}
    impl<T: ?Sized + Sync> MaybeSync for T {}

    /// A boxed future, `Send` on native targets.
    pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod imp {
    use std::{future::Future, pin::Pin};

    use std::time::SystemTime;
    pub use web_time::Instant;

    /// The time of day. (`SystemTime::now` panics in a browser.)
    pub fn time_of_day() -> SystemTime {
        let since = web_time::SystemTime::now().duration_since(web_time::UNIX_EPOCH);
        SystemTime::UNIX_EPOCH + since.unwrap_or_default()
    }

    /// `Send` on native targets, no bound in a browser.
    pub trait MaybeSend {}
    impl<T: ?Sized> MaybeSend for T {}

    /// `Sync` on native targets, no bound in a browser.
    pub trait MaybeSync {}
    impl<T: ?Sized> MaybeSync for T {}

    /// A boxed future, `Send` on native targets.
    pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
}

pub use imp::{BoxFuture, Instant, MaybeSend, MaybeSync, time_of_day};
