//! `MONITOR`: what all clients send to the server.

mod line;

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use futures::Stream;
use redmux_transport::BoxFuture;

pub use line::MonitoredCommand;

use super::{ConnectionMultiplexer, Leased, pool::Purpose};
use crate::{
    Call, Error, Result,
    connection::{Berth, Lines, Phase, Selected},
};

/// The commands that the server executes, for all clients; returned by
/// [`ConnectionMultiplexer::monitor`]
///
/// A [`Stream`] that ends with its connection: an error is its last item, unless this program
/// closed the multiplexer. If its reader is slow, the oldest commands are dropped, and the next
/// one says [how many](MonitoredCommand::missed) they were. Dropping it closes the connection.
pub struct Monitor {
    lines: Arc<Lines>,
    /// The end of the connection; `None` once it was told. The lock makes it `Sync`.
    end: Mutex<Option<BoxFuture<'static, Option<Error>>>>,
    _leased: Arc<Leased>,
    _muxer: ConnectionMultiplexer,
}

impl ConnectionMultiplexer {
    /// Watches what the server executes, for all its clients and databases.
    ///
    /// On a leased connection of its own. See
    /// [MONITOR](https://redis.io/docs/latest/commands/monitor/). It is expensive for the server:
    /// use it to debug, briefly. At most as many commands wait for a slow reader as
    /// [`subscription_capacity`](crate::Options::subscription_capacity) says, 1024 by default, and
    /// as many bytes of them as [`subscription_bytes`](crate::Options::subscription_bytes), 8 MiB.
    ///
    /// **It shows arguments**: the keys and values of all clients, secrets included. The server
    /// leaves out only the arguments of commands such as `AUTH`.
    ///
    /// ```no_run
    /// # async fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
    /// use futures::StreamExt;
    ///
    /// let mut monitor = muxer.monitor().await?;
    /// while let Some(command) = monitor.next().await {
    ///     let command = command?;
    ///     println!("{} from {} in {}", command.name(), command.client, command.database);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`lease`](Self::lease); of the server, where `MONITOR` is not permitted.
    #[cfg(feature = "full")]
    pub async fn monitor(&self) -> Result<Monitor> {
        let inner = self.inner();
        let lines = Arc::new(Lines::new(
            inner.options.subscription_capacity,
            inner.options.subscription_bytes,
        ));
        let leased = inner.lease_for(
            Berth::default(),
            Purpose { database: Selected::HOME, lines: Some(lines.clone()) },
            inner.options.command_timeout,
        );
        let leased = leased.await.map_err(|error| error.command("MONITOR"))?;
        leased.change();
        leased.begin_blocking("MONITOR".into());
        let monitor = Call::<(), _>::new(&leased.link, "MONITOR", ());
        monitor.handled(inner.handling.get()).await?;
        let link = leased.link.clone();
        let end = async move {
            let over = |phase| phase == Phase::Closed;
            let error =
                link.watch(|core| over(core.phase).then(|| core.redial.last_error.clone())).await;
            error.map(|error| error.command("MONITOR").endpoint_at(&link.endpoint()))
        };
        Ok(Monitor {
            lines,
            end: Mutex::new(Some(Box::pin(end))),
            _leased: leased,
            _muxer: self.clone(),
        })
    }
}

impl Stream for Monitor {
    type Item = Result<MonitoredCommand>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some((line, missed)) = self.lines.pop(cx) {
            let unknown = || Error::from_decode(line::unknown()).command("MONITOR");
            let command = MonitoredCommand::parse(&line, missed).ok_or_else(unknown);
            return Poll::Ready(Some(command));
        }
        let end = self.end.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(waiting) = end else { return Poll::Ready(None) };
        let error = std::task::ready!(waiting.as_mut().poll(cx));
        *end = None;
        Poll::Ready(error.map(Err))
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").finish_non_exhaustive()
    }
}
