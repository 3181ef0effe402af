//! Server to client, and pings.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use async_tungstenite::tungstenite::Message;
use bytes::Bytes;
use futures::{
    SinkExt,
    future::{Either, select},
    io::AsyncReadExt,
};
use smol::Timer;

use super::{
    client::{Session, Sink},
    flight::Flight,
};
use crate::{
    close::CloseReason,
    frames::MAX_REPLY,
    limits::{give_room, pace},
    replies::ReplyCounter,
    tasks::timeout,
    upstream::Reader,
};

/// The size of an idle client's buffer.
const SMALL: usize = 2 << 10;

/// Forwards replies until either side is gone.
///
/// Awaits the client before it reads the server again.
pub(super) async fn forward(
    session: &Session<'_>,
    sink: &mut Sink,
    mut upstream: Reader,
) -> CloseReason {
    let mut buffer = vec![0; SMALL];
    let mut counter = ReplyCounter::default();
    let mut pings = Pings { sent: None };
    let mut timer = Timer::after(session.shared.state().config.ping_interval);
    loop {
        let read = select(upstream.read(&mut buffer), &mut timer).await;
        let (message, taken, at) = match read {
            Either::Left((Ok(0) | Err(_), _)) => return CloseReason::UpstreamClosed,
            Either::Left((Ok(n), _)) => {
                session.note(&session.active);
                session.note(&session.answered);
                (Message::Binary(Bytes::copy_from_slice(&buffer[..n])), n, session.now())
            }
            Either::Right(_) => {
                // The client is idle: the memory of a burst is given back.
                buffer = vec![0; SMALL];
                session.flight(Flight::shrink);
                match pings.due(session) {
                    Err(reason) => return reason,
                    Ok(Next::Look(after)) => {
                        timer.set_after(after);
                        continue;
                    }
                    Ok(Next::Ping(after)) => timer.set_after(after),
                }
                (Message::Ping(Bytes::new()), 0, 0)
            }
        };
        let slow = session.shared.state().config.slow_client_timeout;
        let sent = session.taking.during(async {
            // Waiting pongs are sent first: with them the message may not fit.
            sink.flush().await?;
            sink.send(message).await
        });
        match timeout(slow, sent).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return CloseReason::of_error(&error),
            Err(_) => return CloseReason::SlowClient,
        }
        if taken == 0 {
            continue;
        }
        // Replies are counted when they are handed over: a drain may end with the last of them.
        if let Err(reason) = count(session, &mut counter, &buffer[..taken], at) {
            return reason;
        }
        if taken == buffer.len() && taken < MAX_REPLY {
            buffer = vec![0; MAX_REPLY];
        }
        if let Some(wait) = pace(&session.live().levels, 0, taken) {
            wait.await;
        }
    }
}

fn count(
    session: &Session<'_>,
    counter: &mut ReplyCounter,
    bytes: &[u8],
    at: u64,
) -> Result<(), CloseReason> {
    let metrics = &session.shared.metrics;
    session.bytes_out.fetch_add(bytes.len() as u64, Relaxed);
    metrics.bytes_out.fetch_add(bytes.len() as u64, Relaxed);
    let (mut answered, mut errors, mut oldest, mut sent_together) = (0, 0, None, 0);
    let passed = session.flight(|flight| {
        counter.pass(bytes, |passed| {
            let Some(due) = flight.passed(passed) else { return };
            answered += 1;
            if due.denied {
                return;
            }
            errors += u64::from(matches!(passed.kind, b'-' | b'!'));
            // Commands that were sent together are added as one time with a count.
            if oldest == Some(due.sent) {
                sent_together += 1;
            } else {
                if let Some(sent) = oldest.replace(due.sent) {
                    let time = Duration::from_micros(at.saturating_sub(sent));
                    metrics.upstream_latency.add(time, sent_together);
                }
                sent_together = 1;
            }
        })
    });
    if let Some(sent) = oldest {
        metrics.upstream_latency.add(Duration::from_micros(at.saturating_sub(sent)), sent_together);
    }
    metrics.error_replies.fetch_add(errors, Relaxed);
    give_room(&session.live().levels, answered);
    passed.map_err(|_| CloseReason::UpstreamClosed)
}

/// Pings of the client, to find out whether it still answers
struct Pings {
    sent: Option<Instant>,
}

impl Pings {
    /// Decides what to do when the timer has fired.
    fn due(&mut self, session: &Session<'_>) -> Result<Next, CloseReason> {
        let (interval, patience) = {
            let state = session.shared.state();
            (state.config.ping_interval, state.config.pong_timeout)
        };
        let heard = session.at(&session.heard);
        // Pongs are not read while the client is stalled. Pings are sent all the same: if the
        // client is gone, the system notices.
        if session.stalled.load(Relaxed) {
            self.sent = None;
            return Ok(Next::Ping(interval));
        }
        match self.sent.take() {
            Some(sent) if heard < sent => return Err(CloseReason::NoPong),
            Some(sent) => {
                session.shared.metrics.ping_round_trip.add(heard.duration_since(sent), 1);
            }
            None => {}
        }
        let now = Instant::now();
        let silent = now.saturating_duration_since(heard);
        if silent < interval {
            return Ok(Next::Look(interval - silent));
        }
        self.sent = Some(now);
        Ok(Next::Ping(patience))
    }
}

/// What to do now, and when to look again
enum Next {
    Look(Duration),
    Ping(Duration),
}
