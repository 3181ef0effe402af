//! Pushes: what the server sends without being asked, taken apart once.

use crate::{
    connection::{
        core::{Core, Inbox},
        push::{Push, PushKind, name},
    },
    resp::Frame,
};

impl Core {
    /// Takes in a push, under the lock and in the order of the stream: a reply that was read before
    /// an invalidation must not outlive it in the cache.
    #[inline(never)]
    pub(in crate::connection) fn take_in(&mut self, frame: Frame, inbox: &mut Inbox) {
        match PushKind::of(&frame) {
            PushKind::Message(verb) => inbox.pushes.push(Push::Message { verb, frame }),
            PushKind::Invalidate => {
                if let Some(cache) = &self.config.cache {
                    cache.invalidated(&frame);
                }
            }
            PushKind::Confirms(verb) => {
                let Some(name) = name(&frame) else { return };
                if !self.confirm(verb, &name, inbox) && !verb.subscribes() {
                    inbox.pushes.push(Push::Ended { verb: verb.inverse(), name });
                }
            }
            #[cfg(feature = "full")]
            PushKind::Other => self.take_notice(&frame, inbox),
            #[cfg(not(feature = "full"))]
            PushKind::Other => {}
        }
    }

    /// Takes in a confirmation that came as an ordinary reply, as some servers send it in RESP3;
    /// whether it was one that is waited for.
    pub(in crate::connection) fn confirm_by_reply(
        &mut self,
        frame: &Frame,
        inbox: &mut Inbox,
    ) -> bool {
        let (PushKind::Confirms(verb), Some(name)) = (PushKind::of(frame), name(frame)) else {
            return false;
        };
        self.confirm(verb, &name, inbox)
    }
}
