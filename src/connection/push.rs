//! Pushes: what the server sends without being asked, taken apart once.

use bytes::Bytes;

use super::{
    core::{Core, Inbox},
    entry::Verb,
};
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
    /// The command was refused; nothing of it was done.
    Refused { ticket: u64, verb: Verb, names: Vec<Bytes>, error: ServerError },
}

/// What kind of push a frame is, by its first word
enum Kind {
    /// Keys have changed that the client-side cache may hold.
    Invalidate,
    /// A message of a subscription made with this verb.
    Message(Verb),
    /// What this verb has brought about for one channel or pattern.
    Confirms(Verb),
    /// Nothing that the client knows.
    Other,
}

impl Kind {
    fn of(frame: &Frame) -> Self {
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

impl Core {
    /// Takes in a push, under the lock and in the order of the stream: a reply that was read before
    /// an invalidation must not outlive it in the cache.
    pub(super) fn take_in(&mut self, frame: Frame, inbox: &mut Inbox) {
        match Kind::of(&frame) {
            Kind::Message(verb) => inbox.pushes.push(Push::Message { verb, frame }),
            Kind::Invalidate => {
                if let Some(cache) = &self.config.cache {
                    cache.invalidated(&frame);
                }
            }
            Kind::Confirms(verb) => {
                let Some(name) = name(&frame) else { return };
                if !self.confirm(verb, &name, inbox) && !verb.subscribes() {
                    inbox.pushes.push(Push::Ended { verb: verb.inverse(), name });
                }
            }
            Kind::Other => {}
        }
    }

    /// Takes in a confirmation that came as an ordinary reply, as some servers send it in RESP3;
    /// whether it was one that is waited for.
    pub(super) fn confirm_by_reply(&mut self, frame: &Frame, inbox: &mut Inbox) -> bool {
        let (Kind::Confirms(verb), Some(name)) = (Kind::of(frame), name(frame)) else {
            return false;
        };
        self.confirm(verb, &name, inbox)
    }
}

/// The channel or pattern that a push names first.
fn name(frame: &Frame) -> Option<Bytes> {
    let name = frame.reply().items()?.nth(1)?;
    Some(Bytes::copy_from_slice(&name.as_bytes()?))
}
