use std::{
    borrow::Cow,
    fmt,
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, atomic::Ordering},
    task::Poll,
    time::Duration,
};

use super::{
    ConnectionMultiplexer, Inner, Lines,
    pool::{Leased, is_clean},
};
use crate::{
    Call, Database, Delivery, Error, ErrorKind, Result, TimeoutStage,
    command::{Handling, check_leased},
    error::whole_millis,
    resp::{Arg, FromReply, ToArgs},
};

/// A connection for one user, from a small pool; got from [`ConnectionMultiplexer::lease`]
///
/// Commands that would hold up everybody on the shared connection, or change it, are at home
/// here. When the last clone of it and of its [`database`](Self::database) is dropped, the
/// connection goes back to the pool; it is closed instead, which frees what the server holds for
/// it, if a command was dropped in flight or the connection was changed (`WATCH`, `MULTI`,
/// `SELECT`…).
///
/// It does not reconnect: once the connection is lost, every command fails.
///
/// ```no_run
/// # async fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
/// let lease = muxer.lease().await?;
/// lease.database().set("key", "value").await?;
/// let replicas: i64 = lease.execute("WAIT", (1, 100)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Lease {
    database: Database,
}

impl ConnectionMultiplexer {
    /// A connection of its own, with the same server, user and database.
    ///
    /// One that was given back, or a new one. At most
    /// [`max_leased`](crate::Options::max_leased) are leased at a time: who comes then waits in
    /// line. Those that lie idle for [`lease_idle`](crate::Options::lease_idle) are closed. All of
    /// it is given the `command_timeout`.
    ///
    /// # Errors
    /// A timeout at [`TimeoutStage::Queue`]; those of connecting; [`ErrorKind::Closed`].
    #[cfg(feature = "full")]
    pub async fn lease(&self) -> Result<Lease> {
        let leased = self.inner.lease().await?;
        let database = Database::on_lease(self.clone(), leased);
        Ok(Lease { database })
    }
}

impl Inner {
    /// A leased connection, within the time one command is given.
    pub(crate) async fn lease(&self) -> Result<Arc<Leased>> {
        self.lease_within(self.options.command_timeout).await
    }

    pub(crate) async fn lease_within(&self, limit: Duration) -> Result<Arc<Leased>> {
        self.lease_for(None, limit).await
    }

    pub(super) async fn lease_for(
        &self,
        lines: Option<Arc<Lines>>,
        limit: Duration,
    ) -> Result<Arc<Leased>> {
        let mut timer = self.runtime.timer(self.runtime.after(limit));
        let Some(pool) = self.pool.get() else {
            return Err(Error::new(ErrorKind::Closed, Delivery::NotSent));
        };
        let mut acquire = pin!(pool.acquire(&self.link, lines));
        poll_fn(|cx| match acquire.as_mut().poll(cx) {
            Poll::Ready(leased) => Poll::Ready(leased),
            Poll::Pending => timer.poll_expired(cx).map(|()| {
                let stage = ErrorKind::Timeout(TimeoutStage::Queue);
                Err(Error::new(stage, Delivery::NotSent).detail(format!(
                    "no connection could be leased within {} ms",
                    whole_millis(limit)
                )))
            }),
        })
        .await
        .map_err(|error| error.endpoint_at(&self.link.endpoint()))
    }
}

impl Leased {
    /// Lets go of the watched keys; where that fails, or something else is still due, the
    /// connection is not used again.
    pub(crate) async fn unwatch(&self, handling: Option<&Handling>, limit: Duration) {
        if !is_clean(&self.link) {
            return;
        }
        let unwatch = Call::<(), _>::new(&self.link, "UNWATCH", ()).handled(handling);
        if unwatch.timeout(limit).await.is_ok() {
            self.spoiled.store(false, Ordering::SeqCst);
        }
    }
}

impl Lease {
    /// Typed commands on this connection; a clone keeps the lease.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Any command on this connection, blocking ones, `WATCH`, `MULTI` and `SELECT` included.
    ///
    /// A command that blocks needs [`Call::timeout`] for more than the `command_timeout`.
    ///
    /// # Errors
    /// [`ErrorKind::Command`], without anything being sent, for commands after which replies
    /// could not be matched: subscriptions, `MONITOR`, `HELLO`, `CLIENT REPLY` and the like.
    pub fn execute<T: FromReply>(
        &self,
        name: impl Into<Cow<'static, str>>,
        args: impl ToArgs,
    ) -> Call<'_, T, impl ToArgs> {
        self.database.execute(name, args)
    }
}

impl Leased {
    /// Refuses what would break the matching of replies; notes what changes the connection.
    pub(crate) fn check(&self, words: &[Arg<'_>]) -> Result<()> {
        if check_leased(words)? {
            self.spoiled.store(true, Ordering::SeqCst);
        }
        Ok(())
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").finish_non_exhaustive()
    }
}
