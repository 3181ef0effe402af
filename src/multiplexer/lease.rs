//! How a leased connection is got, and made ready for its next user.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

#[cfg(feature = "full")]
use redmux_transport::BoxFuture;
#[cfg(feature = "full")]
use std::borrow::Cow;

use super::{
    Inner, Leased,
    pool::{Progress, Purpose, is_clean},
};
#[cfg(feature = "full")]
use crate::connection::{Home, Lender, Lent, Link};
use crate::{
    Call, Error, ErrorKind, Result,
    command::Handling,
    connection::{Berth, Selected},
};

impl Inner {
    /// A leased connection to this database, within the time one command is given.
    pub(crate) async fn lease(&self, berth: Berth<'_>, database: Selected) -> Result<Arc<Leased>> {
        let limit = self.options.command_timeout;
        #[cfg(feature = "full")]
        let limit = {
            let now = self.clock.now();
            let relaxed = self.site.node_at(berth).link.with(|core| core.patience(now));
            limit.max(relaxed.map_or(Duration::ZERO, Duration::from_micros))
        };
        self.lease_within(berth, database, limit).await
    }

    pub(crate) async fn lease_within(
        &self,
        berth: Berth<'_>,
        database: Selected,
        limit: Duration,
    ) -> Result<Arc<Leased>> {
        self.lease_for(berth, Purpose { database, lines: None }, limit).await
    }

    pub(super) async fn lease_for(
        &self,
        berth: Berth<'_>,
        purpose: Purpose,
        limit: Duration,
    ) -> Result<Arc<Leased>> {
        let mut timer = self.clock.runtime.timer(self.clock.runtime.after(limit));
        loop {
            let node = self.site.node_at(berth);
            let Some(pool) = node.pool.get() else {
                return Err(Error::closed());
            };
            let progress = Progress::default();
            let mut acquire = pin!(pool.acquire(&purpose, &progress));
            let acquired = poll_fn(|cx| match acquire.as_mut().poll(cx) {
                Poll::Ready(leased) => Poll::Ready(leased),
                Poll::Pending => {
                    timer.poll_expired(cx).map(|()| Err(pool.timed_out(&progress, limit)))
                }
            });
            let error = match acquired.await {
                Err(error) => error,
                leased => return leased,
            };
            // Another server has taken the place of the one that was waited for.
            let gone = matches!(error.kind(), ErrorKind::ConnectionLost | ErrorKind::Closed);
            if !gone || std::ptr::eq(node, self.site.node_at(berth)) {
                return Err(error.endpoint_at(&node.link.endpoint()));
            }
        }
    }
}

#[cfg(feature = "topology")]
impl Inner {
    /// Whether the server of this link has executed nothing and another one may, or the same later.
    pub(crate) fn is_elsewhere(&self, link: &Link, error: &Error) -> bool {
        use crate::{Delivery, resp::ServerErrorKind::*};
        let delivery = error.delivery();
        let (Some(router), Some(error)) = (self.link().router(), error.server()) else {
            return false;
        };
        if delivery == Delivery::MaybeExecuted {
            return false;
        }
        match error.kind() {
            Moved => {
                if let Some(redirect) = error.redirect() {
                    router.redirected(link, &redirect, true);
                }
                true
            }
            ClusterDown | Loading | MasterDown => {
                router.troubled();
                true
            }
            Ask | TryAgain => true,
            _ => false,
        }
    }

    /// The server that has the key of a command by now which the server of this link answered with `ASK`.
    #[cfg(feature = "full")]
    pub(crate) fn asked(&self, link: &Link, error: &Error) -> Option<&Link> {
        let error = error.server()?;
        let redirect =
            error.redirect().filter(|_| error.kind() == crate::resp::ServerErrorKind::Ask)?;
        self.link().router()?.redirected(link, &redirect, false)
    }
}

#[cfg(feature = "full")]
impl Lender for Inner {
    fn lend<'a>(
        &'a self,
        berth: Berth<'a>,
        database: Selected,
        limit: Duration,
    ) -> BoxFuture<'a, Result<Arc<dyn Lent>>> {
        let lease = self.lease_within(berth, database, limit);
        Box::pin(async move { Ok(lease.await? as Arc<dyn Lent>) })
    }
}

#[cfg(feature = "full")]
impl Home for Inner {
    fn link(&self) -> &Link {
        self.link()
    }

    fn lender(&self) -> Option<&dyn Lender> {
        Some(self)
    }
}

#[cfg(feature = "full")]
impl Home for Leased {
    fn link(&self) -> &Link {
        &self.link
    }

    fn above(&self) -> Option<Arc<dyn Home>> {
        self.pool()?.home()
    }
}

#[cfg(feature = "full")]
impl Lent for Leased {
    fn link(&self) -> &Link {
        &self.link
    }

    fn begin(&self, command: Cow<'static, str>) {
        self.begin_blocking(command);
    }

    fn end(&self) {
        self.end_blocking();
    }
}

impl Leased {
    /// Releases the watched keys; if that fails, or another reply is still due, the connection is
    /// not used again.
    pub(crate) async fn unwatch(&self, handling: Option<&Arc<Handling>>, limit: Duration) {
        // In a `MULTI` of the borrower's it would only be queued.
        if self.is_changed() || !is_clean(&self.link) {
            return;
        }
        let unwatch = Call::<(), _>::new(&self.link, "UNWATCH", ()).handled(handling);
        if unwatch.timeout(limit).await.is_ok() {
            self.guard(false);
        }
    }
}
