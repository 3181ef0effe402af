//! What a link says to the one that opened it: its only way up.

#[cfg(feature = "full")]
use std::{borrow::Cow, sync::Arc, task::Waker, time::Duration};

#[cfg(feature = "full")]
use redmux_transport::BoxFuture;
use redmux_transport::{MaybeSend, MaybeSync};

#[cfg(feature = "full")]
use super::databases::Selected;
use super::{link::Link, push::Push};
#[cfg(feature = "full")]
use crate::Result;
use crate::events::{ConnectionFailed, Event};

/// Listens to a link; called by the link's driver, without the link's lock
pub(crate) trait Owner: MaybeSend + MaybeSync + 'static {
    /// The handshake has succeeded. What waits for the connection is sent after this returns.
    fn ready(&self, _link: &Link) {}

    /// An outage has begun: the connection was lost, or could not be made.
    fn lost(&self, _failure: ConnectionFailed) {}

    /// The server sent something unasked, or answered a subscription command.
    fn pushed(&self, _link: &Link, _push: Push) {}

    /// The time has come that was set with [`Core::retry_subscriptions_at`](super::Core).
    fn retry(&self, _link: &Link) {}

    /// The link is over: no connection follows.
    fn ended(&self, _link: &Link) {}

    /// Replies have been due for some time and nothing came: the server may have stopped.
    #[cfg(feature = "topology")]
    fn silent(&self, _link: &Link) {}

    /// Listens to the stream that is to take the place of the one in use.
    #[cfg(feature = "full")]
    fn heir(&self) -> Arc<dyn Owner> {
        Arc::new(Unheard)
    }

    /// That stream is ready, on the link `heir`. `None`: it may take the place. Otherwise this is to be called again at
    /// this moment, or when something has come. `time` is what each step may take that does not wait for an answer.
    #[cfg(feature = "full")]
    fn before_move(&self, _link: &Link, _heir: &Link, _time: u64) -> Option<u64> {
        None
    }

    /// For now it does not take the place; `heir` is ready for another attempt, if it is there.
    #[cfg(feature = "full")]
    fn stay(&self, _heir: Option<&Link>) {}

    /// Has `change` put it in the place of the one before; returns what that returns. `whole`: all that was sent on the
    /// one before is answered.
    #[cfg(feature = "full")]
    fn go_over(
        &self,
        _link: &Link,
        _whole: bool,
        change: &mut dyn FnMut(&mut Vec<Waker>) -> bool,
    ) -> bool {
        let mut wakers = Vec::new();
        let changed = change(&mut wakers);
        wakers.into_iter().for_each(Waker::wake);
        changed
    }

    /// Whether somebody reads what is [published](Self::publish).
    fn has_listeners(&self) -> bool {
        false
    }

    /// Something happened that an operator may want to log.
    fn publish(&self, _event: Event) {}
}

/// Owns links whose user learns of everything by the outcome of a command: leased connections
pub(crate) struct Unheard;

impl Owner for Unheard {}

/// Keeps a link open as long as it lives itself, so that a call can be independent of the handle
/// that made it
#[cfg(feature = "full")]
pub(crate) trait Home: MaybeSend + MaybeSync + 'static {
    fn link(&self) -> &Link;

    /// Lends connections to the same server, if it can.
    fn lender(&self) -> Option<&dyn Lender> {
        None
    }

    /// What has to live as long as this.
    fn above(&self) -> Option<Arc<dyn Home>> {
        None
    }
}

/// Lends connections
#[cfg(feature = "full")]
pub(crate) trait Lender: MaybeSend + MaybeSync {
    /// Leases a connection within this time, to this server and database.
    fn lend<'a>(
        &'a self,
        berth: Berth<'a>,
        database: Selected,
        limit: Duration,
    ) -> BoxFuture<'a, Result<Arc<dyn Lent>>>;
}

/// The server at which a connection is leased, where there are several
#[cfg_attr(not(feature = "topology"), allow(dead_code, reason = "there is one server"))]
#[derive(Clone, Copy, Default)]
pub(crate) struct Berth<'a> {
    /// The one that has this slot; without one, any.
    pub(crate) slot: Option<u16>,
    /// The one of this link, before all else.
    pub(crate) goal: Option<&'a Link>,
}

/// A connection for one user; dropping the last pointer to it gives it back
#[cfg(feature = "full")]
pub(crate) trait Lent: MaybeSend + MaybeSync {
    fn link(&self) -> &Link;

    /// This command, which may wait on the server for long, begins. [`end`](Self::end) follows.
    fn begin(&self, command: Cow<'static, str>);

    fn end(&self);
}
