//! Pushes: what the server sends without being asked, taken apart once.

use bytes::Bytes;

use super::entry::Verb;
#[cfg(feature = "full")]
use crate::events::Notice;
use crate::resp::{Frame, ServerError};

/// What the owner of a link learns of pushes and of answers to subscription commands
#[derive(Debug)]
pub(crate) enum Push {
    /// A message; `verb` is that of the subscription it comes through.
    Message { verb: Verb, frame: Frame },
    /// The server ended the subscription to one channel or pattern by itself.
    Ended { verb: Verb, name: Bytes },
    /// The subscription to one channel or pattern is made.
    Confirmed { ticket: u64, verb: Verb, name: Bytes },
    /// The server announces maintenance.
    #[cfg(feature = "full")]
    Notice(Box<Notice>),
    /// The command was refused; nothing of it was done.
    Refused { ticket: u64, verb: Verb, names: Vec<Bytes>, error: ServerError },
}

/// What kind of push a frame is, by its first word
pub(super) enum PushKind {
    /// Keys have changed that the client-side cache may hold.
    Invalidate,
    /// A message of a subscription made with this verb.
    Message(Verb),
    /// What this verb has brought about for one channel or pattern.
    Confirms(Verb),
    /// Nothing that the client knows.
    Other,
}

impl PushKind {
    pub(super) fn of(frame: &Frame) -> Self {
        let Some(mut items) = frame.reply().items() else { return Self::Other };
        let Some(word) = items.next().and_then(|word| word.as_bytes()) else { return Self::Other };
        match &word[..] {
            b"message" => Self::Message(Verb::Subscribe),
            b"pmessage" => Self::Message(Verb::PSubscribe),
            b"smessage" => Self::Message(Verb::SSubscribe),
            b"invalidate" => Self::Invalidate,
            word => Verb::of_push(word).map_or(Self::Other, Self::Confirms),
        }
    }
}

/// The channel or pattern that a push names first.
pub(super) fn name(frame: &Frame) -> Option<Bytes> {
    let name = frame.reply().items()?.nth(1)?;
    Some(Bytes::copy_from_slice(&name.as_bytes()?))
}
