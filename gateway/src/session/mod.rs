//! One client and its connection to a server.

mod admit;
mod audited;
mod client;
mod first_message;
mod flight;
mod replies;
mod requests;
mod taking;
mod transaction;
mod watch;

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use async_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error as WsError, Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};
use futures::{
    StreamExt,
    future::{Either, select},
};

use smol::{Timer, channel::Receiver};

use client::{Session, Sink, Source};

pub(crate) use first_message::MAX_BYTES as MAX_FIRST_MESSAGE;

use crate::{
    auth::Grant,
    close::CloseReason,
    commands::CommandReader,
    frames::{Frames, Watched},
    limits::Stranger,
    log::event_often,
    shared::{Counted, Peer, Shared},
    tasks::timeout,
    upstream::Unconnected,
};

/// A client whose WebSocket is open
pub(crate) enum Entered {
    Known(Box<(Grant, Counted)>),
    /// A client that has to show a credential in its first message.
    Stranger(Stranger),
}

/// Serves one client until either side ends.
///
/// A stranger's first message must show a credential. `shutdown` ends (its channel is
/// closed) when the gateway is to stop.
pub(crate) async fn serve(
    socket: WebSocketStream<Watched>,
    frames: Arc<Frames>,
    entered: Entered,
    shared: &Shared,
    peer: Peer,
    shutdown: &Receiver<()>,
) {
    let (mut sink, mut source) = socket.split();
    let admitted = match entered {
        Entered::Known(admitted) if first_message::may_follow(&admitted.0, shared) => {
            first_message::await_one(&mut source, shared, &peer, &frames, *admitted).await
        }
        Entered::Known(admitted) => Ok((*admitted, first_message::Opening::default())),
        // It is counted as a stranger until its credential is known.
        Entered::Stranger(_stranger) => first_message::read(&mut source, shared, &peer).await,
    };
    let reason = match admitted {
        Err(reason) => {
            let (address, text) = (peer.address, reason.to_string());
            event_often("turned-away", format_args!("peer={address} reason={text:?}"));
            shared.closed(&reason);
            reason
        }
        Ok(((grant, counted), opening)) => {
            let session = Session::new(shared, peer, grant, frames, counted);
            let reason = session.run(&mut sink, &mut source, opening, shutdown).await;
            session.ended(&reason);
            reason
        }
    };
    say_goodbye(sink, source, &reason).await;
}

impl Session<'_> {
    async fn run(
        &self,
        sink: &mut Sink,
        source: &mut Source,
        mut opening: first_message::Opening,
        shutdown: &Receiver<()>,
    ) -> CloseReason {
        let live = self.live();
        let upstream = live.grant.principal.upstream.clone();
        let login = live.grant.principal.login.as_ref();
        let connecting = Box::pin(upstream.connect(login, live.grant.rules.first_database()));
        let connected = match select(connecting, Box::pin(shutdown.recv())).await {
            Either::Left((connected, _)) => connected,
            Either::Right(_) => return CloseReason::Restart,
        };
        let result = if connected.is_ok() { "connected" } else { "failed" };
        self.shared.metrics.upstream_connects.add(result, &upstream.name, 1);
        let name = &upstream.name;
        let (from, mut to) = match connected {
            Ok(halves) => halves,
            Err(Unconnected::Unreachable(error)) => {
                event_often("upstream-failed", format_args!("upstream={name:?} error={error:?}"));
                return CloseReason::UpstreamUnreachable;
            }
            Err(Unconnected::Refused(why)) => {
                event_often("upstream-refused", format_args!("upstream={name:?} error={why:?}"));
                return CloseReason::UpstreamRefused;
            }
        };
        if let Some(answer) = opening.answer.take()
            && let Err(error) = sink.send(Message::Binary(answer)).await
        {
            return CloseReason::of_error(&error);
        }
        let client = &live.grant.principal.policy.client;
        let mut reader = opening
            .reader
            .take()
            .unwrap_or_else(|| CommandReader::new(client.command, client.arguments));
        reader.limit(client.command, client.arguments);
        drop(live);

        let mut replies = Box::pin(replies::forward(self, sink, from));
        let first = {
            let requests = requests::forward(self, source, &mut to, reader, opening);
            // New rules apply before more commands are judged.
            let watch = select(Box::pin(self.watch()), Box::pin(self.watch_server()));
            let ends = select(select(watch, Box::pin(requests)), &mut replies);
            match select(Box::pin(ends), Box::pin(self.told_to_stop(shutdown))).await {
                Either::Left((ends, _)) => Some(match ends {
                    Either::Left((Either::Left((watched, _)), _)) => watched.factor_first().0,
                    Either::Left((Either::Right((reason, _)), _)) | Either::Right((reason, _)) => {
                        reason
                    }
                }),
                Either::Right(_) => None,
            }
        };
        match first {
            Some(reason) => reason,
            // The gateway stops: the client is no longer read, but gets the replies on their way.
            None => {
                let drain = self.shared.state().config.drain;
                let drained = Box::pin(timeout(drain, self.drained()));
                match select(drained, &mut replies).await {
                    Either::Left(_) => CloseReason::Restart,
                    Either::Right((reason, _)) => reason,
                }
            }
        }
    }

    /// Ends when the gateway stops and it is this client's turn to leave.
    async fn told_to_stop(&self, shutdown: &Receiver<()>) {
        // The channel carries nothing: it ends when the gateway stops.
        let _ = shutdown.recv().await;
        // Not all clients at once: they would all connect elsewhere at the same moment.
        Timer::after(part_of(self.shared.state().config.drain_spread)).await;
    }

    /// Ends when no replies are due.
    async fn drained(&self) {
        while self.flight(|flight| flight.len()) > 0 {
            Timer::after(Duration::from_millis(5)).await;
        }
    }
}

/// Returns a random part of this time.
fn part_of(time: Duration) -> Duration {
    let random = u32::try_from(RandomState::new().hash_one(()) >> 32).unwrap_or(0);
    let part = time.as_secs_f64() * f64::from(random) / f64::from(u32::MAX);
    Duration::try_from_secs_f64(part).unwrap_or(time)
}

/// Sends the close frame and waits a moment for the client's.
pub(crate) async fn say_goodbye(mut sink: Sink, mut source: Source, reason: &CloseReason) {
    let Some(code) = reason.code() else { return };
    let mut text = reason.to_string();
    // A close frame has room for 123 bytes.
    while text.len() > 120 {
        text.pop();
    }
    let frame = CloseFrame { code: CloseCode::from(code), reason: text.into() };
    let goodbye = async {
        sink.send(Message::Close(Some(frame))).await?;
        while let Some(Ok(_)) = source.next().await {}
        Ok::<_, WsError>(())
    };
    // The client may be gone, or not read: more cannot be done.
    let _ = timeout(Duration::from_secs(2), goodbye).await;
}
