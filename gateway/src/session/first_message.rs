//! Credentials in the first message, for clients that can show none in the request.
//!
//! The message is what any Redis client sends when it is given a password: `AUTH`, or `HELLO`
//! with `AUTH`. The password is a token or a JWT. The server never sees it.

use std::time::Duration;

use async_tungstenite::tungstenite::Message;
use bytes::Bytes;
use futures::StreamExt;

use super::client::Source;
use crate::{
    auth::{Credential, Grant},
    close::CloseReason,
    commands::{Command, CommandReader, write_words},
    frames::Frames,
    limits::Charge,
    shared::{Counted, Peer, Shared},
    tasks::timeout,
};

/// The most bytes that a stranger may send, as in Redis.
pub(crate) const MAX_BYTES: usize = 16 << 10;
const MAX_WORDS: usize = 10;
/// The most messages that the first command may come in, pings included: each costs time.
const MAX_MESSAGES: usize = 64;

/// What remains of the first message
#[derive(Default)]
pub(super) struct Opening {
    /// A reply for the client, before all others.
    pub(super) answer: Option<Bytes>,
    /// Bytes for the server, before all others.
    pub(super) forward: Option<Vec<u8>>,
    /// The first command, if it showed no credential.
    pub(super) command: Option<Command>,
    /// The reader with what came behind the first command.
    pub(super) reader: Option<CommandReader>,
}

/// A client that may be served, and what counts it
type Admitted = (Grant, Counted);

/// Waits for a credential and finds its principal.
pub(super) async fn read(
    source: &mut Source,
    shared: &Shared,
    peer: &Peer,
) -> Result<(Admitted, Opening), CloseReason> {
    let limit = shared.state().config.first_message_timeout.unwrap_or_default();
    let mut reader = CommandReader::new(MAX_BYTES, MAX_WORDS);
    let command = first_command(source, shared, &mut reader, limit).await?;
    let command = command.ok_or(CloseReason::Unauthenticated)?;
    let shown = shown(&command).ok_or(CloseReason::Unauthenticated)?;
    log_in(shared, peer, shown, reader)
}

/// Returns whether a client that was admitted without a credential may still show one.
pub(super) fn may_follow(grant: &Grant, shared: &Shared) -> bool {
    let development = grant.principal.policy.rules.is_development();
    grant.credential == Credential::Anonymous
        && !development
        && shared.state().config.first_message_timeout.is_some()
}

/// Waits for the first command of a client that needs no credential, in case it shows one.
///
/// A client that sends nothing in time is served without a credential.
pub(super) async fn await_one(
    source: &mut Source,
    shared: &Shared,
    peer: &Peer,
    frames: &Frames,
    anonymous: Admitted,
) -> Result<(Admitted, Opening), CloseReason> {
    let limit = shared.state().config.first_message_timeout.unwrap_or_default();
    let client = &anonymous.0.principal.policy.client;
    let _ = frames.set(client.message, client.fragments);
    let mut reader = CommandReader::new(client.command, client.arguments);
    let command = first_command(source, shared, &mut reader, limit).await?;
    match command.as_ref().and_then(shown) {
        Some(shown) => {
            // The client was counted as anonymous: it is counted again as what it is now.
            drop(anonymous);
            log_in(shared, peer, shown, reader)
        }
        None => Ok((anonymous, Opening { command, reader: Some(reader), ..Opening::default() })),
    }
}

/// Reads the first command; `None` if it does not come in time, or not in the first messages.
async fn first_command(
    source: &mut Source,
    shared: &Shared,
    reader: &mut CommandReader,
    limit: Duration,
) -> Result<Option<Command>, CloseReason> {
    let mut charge = Charge::new(&shared.ledger.buffered);
    let reading = async {
        for _ in 0..MAX_MESSAGES {
            match source.next().await {
                None | Some(Ok(Message::Close(_))) => return Err(CloseReason::ClientGone),
                Some(Err(error)) => return Err(CloseReason::of_error(&error)),
                Some(Ok(Message::Binary(bytes))) => reader.push(bytes),
                Some(Ok(Message::Text(_))) => return Err(CloseReason::TextMessage),
                Some(Ok(_)) => continue,
            }
            match reader.next() {
                Ok(Some(command)) => return Ok(Some(command)),
                Ok(None) if charge.hold(reader.held()) => {}
                Ok(None) => return Err(CloseReason::Overload),
                Err(error) => return Err(CloseReason::BadCommand(error.to_string())),
            }
        }
        Ok(None)
    };
    timeout(limit, reading).await.unwrap_or(Ok(None))
}

/// A credential as a command shows it
struct ShownByCommand {
    user: Option<Vec<u8>>,
    secret: Vec<u8>,
    opening: Opening,
}

/// Returns the credential that a command shows, if it shows one.
fn shown(command: &Command) -> Option<ShownByCommand> {
    let words = command.words();
    let is = |at: usize, text: &[u8]| words.get(at).is_some_and(|w| w.eq_ignore_ascii_case(text));
    let mut opening = Opening::default();
    let (user, secret) = match words.len() {
        2 if is(0, b"AUTH") => (None, words[1]),
        3 if is(0, b"AUTH") => (Some(words[1]), words[2]),
        5..=MAX_WORDS if is(0, b"HELLO") && is(2, b"AUTH") => (Some(words[3]), words[4]),
        _ => return None,
    };
    if is(0, b"HELLO") {
        // The rest of the command is judged like any other.
        let rest = [&words[..2], &words[5..]].concat();
        if rest.iter().any(|word| word.eq_ignore_ascii_case(b"AUTH")) {
            return None;
        }
        let mut forward = Vec::new();
        write_words(&rest, &mut forward);
        opening.forward = Some(forward);
    } else {
        opening.answer = Some(Bytes::from_static(b"+OK\r\n"));
    }
    Some(ShownByCommand { user: user.map(<[u8]>::to_vec), secret: secret.to_vec(), opening })
}

/// Finds the principal of a credential.
fn log_in(
    shared: &Shared,
    peer: &Peer,
    shown: ShownByCommand,
    reader: CommandReader,
) -> Result<(Admitted, Opening), CloseReason> {
    let ShownByCommand { user, secret, mut opening } = shown;
    let secret = String::from_utf8(secret).map_err(|_| CloseReason::Unauthenticated)?;
    let grant = shared
        .authenticate(peer, "first-message", |access| {
            let grant = access.by_secret(&secret)?;
            let named = grant.principal.name.as_bytes();
            match user.is_none_or(|user| user == b"default" || user == named) {
                true => Ok(grant),
                false => Err(crate::auth::Denied("the user is not the token's principal")),
            }
        })
        .ok_or(CloseReason::Unauthenticated)?;
    let counted = shared.connect(&grant, peer.address).map_err(|_| CloseReason::TooMany)?;
    opening.reader = Some(reader);
    Ok(((grant, counted), opening))
}
