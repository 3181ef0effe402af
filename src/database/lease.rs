use std::{borrow::Cow, fmt};

use super::Database;
use crate::{
    Call, ConnectionMultiplexer,
    resp::{FromReply, ToArgs},
};
#[cfg(feature = "full")]
use crate::{
    Result,
    connection::{Berth, Selected},
};

/// A connection for one user, from a small pool; returned by [`ConnectionMultiplexer::lease`]
///
/// Use it for commands that would delay every user of the shared connection, or change it. When the
/// last clone of it and of its [`database`](Self::database) is dropped, the connection goes back to
/// the pool; it is closed instead, which frees what the server holds for it, if a command was
/// dropped in flight, if the connection was changed (`WATCH`, `MULTI`, `SELECT`, `AUTH`, `CLIENT
/// SETNAME`, a command that this crate does not know…), or if the multiplexer has another
/// connection by now.
///
/// It does not reconnect: once the connection is lost, every command fails with
/// [`ConnectionLost`](crate::ErrorKind::ConnectionLost). After `MULTI`, `AUTH` or an unknown
/// command the client sends nothing of its own on it: neither probes nor renewed credentials.
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
    /// Leases a connection to the same server, with the same user and database.
    ///
    /// It is one that was given back, or a new one. At most
    /// [`max_leased`](crate::Options::max_leased) are leased at a time: further callers queue.
    /// Connections that are idle for [`lease_idle`](crate::Options::lease_idle) are closed.
    ///
    /// While there is no connection to the server, the call waits for one, as commands do, unless
    /// the [backlog policy](crate::options::BacklogPolicy) is to fail fast. It has the `command_timeout` in
    /// all. Connections are dialled no more often than the [reconnect
    /// policy](crate::options::ReconnectPolicy) says.
    ///
    /// # Errors
    /// A timeout at [`TimeoutStage::Queue`](crate::error::TimeoutStage::Queue), which says what the call
    /// waited for; the error of connecting, if another attempt could not succeed;
    /// [`Closed`](crate::ErrorKind::Closed).
    #[cfg(feature = "full")]
    pub async fn lease(&self) -> Result<Lease> {
        self.lease_selected(Berth::default(), Selected::HOME).await
    }

    /// Leases a connection to the database with this index: see [`lease`](Self::lease).
    ///
    /// # Errors
    /// As for [`lease`](Self::lease); the server's error if it does not select this database.
    #[cfg(feature = "full")]
    pub async fn lease_at(&self, index: u32) -> Result<Lease> {
        self.lease_selected(Berth::default(), Selected::new(index, self.options().database)).await
    }

    #[cfg(feature = "full")]
    async fn lease_selected(&self, berth: Berth<'_>, selected: Selected) -> Result<Lease> {
        let leased = self.inner().lease(berth, selected).await?;
        let database = Database::on_lease(self.clone(), leased, selected);
        Ok(Lease { database })
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
    /// [`Command`](crate::ErrorKind::Command), without anything being sent, for commands after which replies
    /// could not be matched: subscriptions, `MONITOR`, `HELLO`, `CLIENT REPLY` and the like.
    pub fn execute<T: FromReply>(
        &self,
        name: impl Into<Cow<'static, str>>,
        args: impl ToArgs,
    ) -> Call<'_, T, impl ToArgs> {
        self.database.execute(name, args)
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").finish_non_exhaustive()
    }
}
