//! The line for room: while too much is unsent, what the program wants sent next waits here, first
//! come first served, so that its order is the order on the wire.

use bytes::Bytes;

use crate::{
    FULL,
    connection::{
        confirm::Ask,
        core::{Core, Phase},
        entry::Kind,
        room::Place,
    },
};

impl Core {
    /// Queues a command that is answered by pushes, behind all commands that came before it.
    pub(crate) fn ask(&mut self, ask: Ask) {
        if !self.is_connected() {
            // The next stream begins with all that the registry wants.
            return;
        }
        if self.backlog.room.is_empty() && self.backlog.has_room(self.config.high_water) {
            self.queue_ask(ask);
        } else {
            self.backlog.room.0.push_back(Place::Ask(Box::new(ask)));
        }
    }

    /// Lets the first in line try again.
    pub(in crate::connection) fn wake_room(&mut self) {
        while let Some(place) = self.backlog.room.0.front() {
            let id = match place {
                Place::Caller(id) => *id,
                Place::Ask(_) if !self.backlog.has_room(self.config.high_water) => return,
                Place::Ask(_) => {
                    if let Some(Place::Ask(ask)) = self.backlog.room.0.pop_front() {
                        self.queue_ask(*ask);
                        // The one before it may have gone with nothing to send.
                        self.rouse_driver();
                    }
                    continue;
                }
            };
            if let Some(waker) = self.slots.take_waker(id) {
                self.wakes.due.push(waker);
                return;
            }
            if self.slots.is_waiting(id) {
                // Already woken and about to try.
                return;
            }
            self.backlog.room.leave_first();
        }
    }

    /// The stream is gone, and with it what was asked for on it. The registry asks anew on the next
    /// one; until then it can learn here what never left.
    pub(in crate::connection) fn dismiss_asks(&mut self) {
        if !FULL {
            self.backlog.room.dismiss_asks();
            return;
        }
        let sent = self.wire.sent;
        let confirms = self.wire.fifo.iter().filter(|entry| matches!(entry.kind, Kind::Confirm));
        let unsent = confirms.zip(&self.asks.confirming).filter(|(entry, _)| entry.end > sent);
        let unsent: Vec<u64> = unsent.map(|(_, confirming)| confirming.ticket()).collect();
        self.asks.never_asked.extend(unsent);
        let in_line = self.backlog.room.dismiss_asks();
        self.asks.never_asked.extend(in_line);
        self.asks.never_asked.retain(|ticket| *ticket != 0);
    }

    /// Takes names back out of the command with this ticket, unless it is on its way to the server;
    /// whether this command will bring none of them to the server. Without names it only looks.
    ///
    /// A page goes without: what it gives up is asked for and ended again.
    pub(crate) fn withdraw(&mut self, ticket: u64, names: &[Bytes]) -> bool {
        if !FULL {
            return false;
        }
        if let Some(at) = self.backlog.room.find(ticket) {
            let Some(Place::Ask(ask)) = self.backlog.room.0.get_mut(at) else { return false };
            ask.names.retain(|name| !names.contains(name));
            if ask.names.is_empty() {
                self.backlog.room.0.remove(at);
                self.wake_room();
                self.wake_closing();
            }
            return true;
        }
        let taken = self.wire.taken;
        let mut place = self.asks.confirming.len();
        for entry in self.wire.fifo.iter_mut().rev().take_while(|entry| entry.end > taken) {
            if !matches!(entry.kind, Kind::Confirm) {
                continue;
            }
            place = place.saturating_sub(1);
            let asked = self.asks.confirming.get(place).filter(|asked| asked.ticket() == ticket);
            let Some(asked) = asked else { continue };
            if names.is_empty() {
                return true;
            }
            // Its bytes are made: all of it goes, or nothing.
            if !asked.is_for_all_of(names) {
                return false;
            }
            // What a caller has given up is cut out before the next write.
            entry.kind = Kind::Command;
            self.asks.confirming.remove(place);
            self.backlog.dead += 1;
            return true;
        }
        self.asks.never_asked.contains(&ticket)
    }

    /// The driver, parked, may wait for just this to close.
    pub(in crate::connection) fn wake_closing(&mut self) {
        if self.phase == Phase::Closing && self.is_drained() {
            self.wakes.wake_driver();
        }
    }
}
