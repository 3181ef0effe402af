//! Client to server.

use std::{collections::VecDeque, sync::atomic::Ordering::Relaxed, time::Instant};

use async_tungstenite::tungstenite::Message;
use futures::{StreamExt, io::AsyncWriteExt};

use super::{
    client::{Live, Session, Source},
    first_message::Opening,
    flight::Due,
    transaction::Transaction,
};
use crate::{
    close::CloseReason,
    commands::{Command, CommandReader, write_words},
    limits::Charge,
    upstream::Writer,
};

/// A batch of this many bytes is sent without adding more commands.
const ENOUGH: usize = 64 << 10;

/// The beginning of a command's name that no server has: its error takes the place of a refusal.
///
/// The reason is part of the name: clients may leave arguments out of what they show. Redis quotes
/// 128 bytes of it; the longest refusal has fewer.
///
/// The server answers it in its place among the others, and a transaction that contains it
/// is discarded, as with a command that Redis itself refuses.
const DENIED: &str = "GATEWAY.DENIED";

/// Commands that are sent at once
#[derive(Default)]
struct Batch {
    out: Vec<u8>,
    /// What is due to each command, and where the command ends in `out`.
    due: VecDeque<(Due, usize)>,
}

/// The state of judging a client's commands
#[derive(Default)]
struct Judged {
    denied: u32,
    transaction: Transaction,
}

impl Batch {
    /// Ends the command that was written last.
    fn add(&mut self, due: Due) {
        self.due.push_back((due, self.out.len()));
    }
}

/// Forwards commands until the client or the server is gone, or a fault is found.
///
/// Waits for the server to take the commands before it reads the client again, which is the
/// backpressure.
pub(super) async fn forward(
    session: &Session<'_>,
    source: &mut Source,
    upstream: &mut Writer,
    mut reader: CommandReader,
    opening: Opening,
) -> CloseReason {
    let mut judged = Judged::default();
    let mut batch = Batch::default();
    let mut charge = Charge::new(&session.shared.ledger.buffered);
    if let Some(hello) = opening.forward {
        batch.out = hello;
        batch.add(Due::of(&[b"HELLO"]));
        if let Err(reason) = send(session, &session.live(), &mut batch, upstream).await {
            return reason;
        }
    }
    let mut first = opening.command;
    loop {
        // Commands that have arrived already, before more is read.
        let mut complete = false;
        loop {
            let live = session.live();
            let first = first.take();
            let gathered = gather(session, &live, first, &mut reader, &mut batch, &mut judged);
            // Commands before a fault are well-formed and get their answers.
            complete |= !batch.due.is_empty();
            if !batch.due.is_empty()
                && let Err(reason) = send(session, &live, &mut batch, upstream).await
            {
                return reason;
            }
            match gathered {
                Ok(true) => {}
                Ok(false) => break,
                Err(reason) => return reason,
            }
        }
        if !charge.hold(reader.pending()) {
            return CloseReason::Overload;
        }
        session.begun(reader.pending() > 0, complete);
        let message = match source.next().await {
            None => return CloseReason::ClientGone,
            Some(Err(error)) => return CloseReason::of_error(&error),
            Some(Ok(message)) => message,
        };
        session.note(&session.heard);
        let bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Text(_) => return CloseReason::TextMessage,
            Message::Close(_) => return CloseReason::ClientGone,
            // A ping costs an answer, a pong time: each is counted as a command.
            _ => {
                if session.takes_nothing(Instant::now()) {
                    return CloseReason::SlowClient;
                }
                session.pace(&session.live(), 1, 0).await;
                continue;
            }
        };
        session.note(&session.active);
        session.bytes_in.fetch_add(bytes.len() as u64, Relaxed);
        session.shared.metrics.bytes_in.fetch_add(bytes.len() as u64, Relaxed);
        session.pace(&session.live(), 0, bytes.len()).await;
        reader.push(bytes);
        // Also while it waits for room.
        if !charge.hold(reader.held()) {
            return CloseReason::Overload;
        }
    }
}

/// Judges commands and puts them into the batch. Returns whether there may be more.
fn gather(
    session: &Session<'_>,
    live: &Live,
    mut first: Option<Command>,
    reader: &mut CommandReader,
    batch: &mut Batch,
    judged: &mut Judged,
) -> Result<bool, CloseReason> {
    let metrics = &session.shared.metrics;
    // Most batches are of one command, or of many of the same.
    let (mut last, mut same) = ("", 0);
    let more = loop {
        if batch.due.len() >= live.batch || batch.out.len() >= ENOUGH {
            break Ok(true);
        }
        let command = match first.take().map_or_else(|| reader.next(), |first| Ok(Some(first))) {
            Ok(Some(command)) => command,
            Ok(None) => break Ok(false),
            Err(error) => break Err(CloseReason::BadCommand(error.to_string())),
        };
        let words = command.words();
        let verdict = live.grant.rules.judge(&words);
        let verdict = verdict.and_then(|ok| judged.transaction.take(&words).map(|()| ok));
        if live.audited {
            session.audit_command(&words, &verdict);
        }
        match verdict {
            Ok(allowed) => {
                if allowed.command != last && same > 0 {
                    metrics.commands.add("forwarded", last, same);
                    same = 0;
                }
                (last, same) = (allowed.command, same + 1);
                command.write(&mut batch.out);
                batch.add(Due::of(&words));
            }
            Err(refusal) => {
                metrics.commands.add("denied", refusal.command, 1);
                metrics.denied.add("command", refusal.reason, 1);
                if refusal.fatal || judged.denied >= live.grant.principal.policy.client.denied {
                    break Err(CloseReason::Refused(refusal.to_string()));
                }
                judged.denied += 1;
                let name = format!("{DENIED} {}: {}", refusal.command, refusal.reason);
                write_words(&[name.as_bytes()], &mut batch.out);
                batch.add(Due::of_refusal());
            }
        }
    };
    if same > 0 {
        metrics.commands.add("forwarded", last, same);
    }
    more
}

/// Waits for room, and sends what there is room for, until all is sent.
async fn send(
    session: &Session<'_>,
    live: &Live,
    batch: &mut Batch,
    upstream: &mut Writer,
) -> Result<(), CloseReason> {
    let mut begin = 0;
    while !batch.due.is_empty() {
        let room = session.admit(live, batch.due.len()).await;
        let count = room.count();
        let now = session.now();
        let mut end = begin;
        session.flight(|flight| {
            flight.add(batch.due.drain(..count).map(|(due, ends)| {
                end = ends;
                Due { sent: now, ..due }
            }));
        });
        room.keep();
        session.commands.fetch_add(count as u64, Relaxed);
        let sent = session.patiently(async {
            upstream.write_all(&batch.out[begin..end]).await?;
            upstream.flush().await
        });
        sent.await.map_err(|_: std::io::Error| CloseReason::UpstreamClosed)?;
        begin = end;
    }
    batch.out.clear();
    if batch.out.capacity() > 2 * ENOUGH {
        batch.out = Vec::new();
    }
    Ok(())
}
