//! Commands for other databases than the one that the stream is in.

use crate::{
    Delivery, Error, ErrorKind, SMALL,
    clock::NEVER,
    commands::Mapped,
    connection::{
        core::{Core, Inbox, Submission},
        databases::{Body, End, Refusal, Selected, Visit},
        entry::{Claim, Kind},
        outbox::Outbox,
        slots::Outcome,
    },
    resp::{Arg, Frame, ServerError},
};

const MULTI: Arg<'static> = Arg::Bytes(b"MULTI");
const EXEC: Arg<'static> = Arg::Bytes(b"EXEC");

/// How long commands for a database that was refused are refused without asking the server, in microseconds.
const REFUSED_FOR: u64 = 1_000_000;

/// After this many streams that ended with a scout unanswered, commands for other databases fail.
const MOST_LOST_SCOUTS: u32 = 2;

impl Core {
    /// Fails commands for a database that the server has just refused.
    #[cold]
    pub(in crate::connection) fn check_database(&self, database: Selected) -> Result<(), Error> {
        let index = database.index(self.config.database);
        if database == Selected::ANY {
            return Ok(());
        }
        for name in ["MULTI", "SELECT", "EXEC"] {
            if self.config.commands.get(name) == Mapped::Disabled {
                let why = self.config.commands.refusal(&[Arg::Bytes(name.as_bytes())]);
                let why = why.unwrap_or_default();
                let why = format!("another database needs {name}, and {why}");
                return Err(Error::rejected(name, why));
            }
        }
        match &self.databases.refused {
            Some(refusal) if index >= refusal.index && self.now < refusal.until => {
                Err(unreachable(&refusal.error))
            }
            _ => Ok(()),
        }
    }

    /// Encodes a command for a database that the stream is not in, or may not be in.
    #[cold]
    pub(in crate::connection) fn write_visit(&mut self, command: &Submission<'_>) -> Kind {
        let to = command.database;
        let needs_none = || !SMALL && command.prelude.is_none() && is_of_no_database(command.args);
        if to == Selected::ANY || needs_none() {
            self.backlog.out.push_command(command.args);
            return command.kind();
        }
        let index = to.index(self.config.database);
        if index > self.databases.known && index != self.databases.asked {
            self.push_scout(to, self.databases.settled());
        }
        let here = self.databases.settled();
        let leaves = match here {
            Some(here) if SMALL || !self.stays(to) => here,
            _ => to,
        };
        let prelude = command.prelude;
        let commands = prelude.map_or(0, |prelude| prelude.commands);
        let (asking, open, rest) =
            prelude.map_or((&[][..], &[][..], &[][..]), |prelude| prelude.parts());
        if cfg!(feature = "topology") {
            // Inside of `MULTI` it would be queued, and without effect.
            self.backlog.out.push_raw(asking);
        }
        let body = if open.is_empty() { Body::Command } else { Body::Transaction };
        match body {
            Body::Transaction => self.backlog.out.push_raw(open),
            _ => self.push_own(&[MULTI]),
        }
        self.push_select(to);
        self.backlog.out.push_raw(rest);
        if body == Body::Command {
            self.backlog.out.push_command(command.args);
        }
        if leaves != to {
            self.push_select(leaves);
        }
        match body {
            Body::Transaction => self.backlog.out.push_command(command.args),
            _ => self.push_own(&[EXEC]),
        }
        let own = if body == Body::Transaction { 2 } else { 4 };
        let visit = Visit {
            to,
            leaves,
            replies: commands + own + u32::from(leaves != to),
            body,
            asks: !asking.is_empty(),
            moves: here.is_none_or(|here| leaves != here),
        };
        self.databases.count(&visit);
        Kind::Visit(visit)
    }

    /// Whether the stream had better stay in this database after a visit.
    fn stays(&mut self, to: Selected) -> bool {
        let frequent = self.databases.is_frequent(to, self.wire.next_sequence());
        frequent || self.is_connected() && self.wire.fifo.is_empty()
    }

    /// Asks whether there is such a database; what is queued behind it waits for the answer. The scout comes
    /// back to `here`, or stays.
    fn push_scout(&mut self, to: Selected, here: Option<Selected>) {
        let leaves = here.unwrap_or(to);
        self.push_own(&[MULTI]);
        self.push_select(to);
        if leaves != to {
            self.push_select(leaves);
        }
        self.push_own(&[EXEC]);
        let replies = 3 + u32::from(leaves != to);
        let (body, moves) = (Body::Scout, here.is_none());
        let visit = Visit { to, leaves, replies, body, asks: false, moves };
        self.databases.count(&visit);
        self.databases.asked = to.index(self.config.database);
        self.push_entry(Claim::none(), NEVER, false, Kind::Visit(visit));
    }

    fn push_select(&mut self, database: Selected) {
        let index = database.index(self.config.database).to_string();
        self.push_own(&[Arg::Bytes(b"SELECT"), Arg::Bytes(index.as_bytes())]);
    }

    /// Moves the bytes that wait into `batch`, but for those behind the first scout.
    #[cold]
    pub(in crate::connection) fn take_scout(&mut self, batch: &mut Outbox) {
        let taken = self.wire.taken;
        let mut scout = None;
        for entry in &self.wire.fifo {
            if entry.end > taken && entry.kind.is_scout() {
                scout = Some(entry.end);
                break;
            }
        }
        let bytes = self.backlog.out.all_bytes();
        let end = scout.map_or(bytes.len(), |end| (end - taken) as usize);
        let (first, rest) = bytes.split_at(end.min(bytes.len()));
        batch.push_raw(first);
        self.backlog.out.clear();
        self.backlog.out.push_raw(rest);
        self.wire.scouting = scout.is_some();
    }

    /// Takes in a reply to a visit.
    ///
    /// # Errors
    /// In which database the stream is cannot be known any more.
    #[cold]
    #[inline(never)]
    pub(in crate::connection) fn answer_visit(
        &mut self,
        visit: Visit,
        frame: Frame,
        inbox: &mut Inbox,
    ) -> Result<(), Error> {
        if self.wire.preceding.count + 1 < visit.replies {
            self.wire.preceding.note(Some(frame));
            return Ok(());
        }
        if self.wire.fifo.front().is_some_and(|entry| entry.end > self.wire.sent) {
            return Err(self.wire.handshake.unsolicited(&frame));
        }
        let errors = std::mem::take(&mut self.wire.preceding).errors;
        let Some(entry) = self.wire.pop_answered() else { return Ok(()) };
        let end = visit.end(errors, frame);
        if let End::There(_) = end {
            let index = visit.to.index(self.config.database);
            self.databases.at = visit.leaves;
            self.databases.known = self.databases.known.max(index);
        }
        let is_scout = visit.body == Body::Scout;
        // The visit is forgotten last: until then it is known for which database commands wait.
        let outcome = match end {
            End::NotRun(Outcome::Reply(refusal)) if is_scout => {
                self.refuse_database(&visit, &refusal);
                None
            }
            End::There(outcome) | End::NotRun(outcome) => Some(outcome),
            End::Torn(error) => {
                let error = Error::new(ErrorKind::Protocol, Delivery::MaybeExecuted)
                    .source(Error::from_server(error))
                    .detail(
                        "the server refused MULTI or SELECT, and executed the command behind it",
                    );
                self.deliver(entry.claim, Outcome::Failed(error.clone()), inbox);
                return Err(error);
            }
        };
        self.databases.forget(&visit);
        if is_scout {
            self.wire.scouting = false;
            self.databases.lost_scouts = 0;
            self.rouse_driver();
        }
        if let Some(outcome) = outcome {
            self.deliver(entry.claim, outcome, inbox);
        }
        Ok(())
    }

    /// The server has no such database, or does not let this user there: commands that wait for it are not
    /// sent.
    fn refuse_database(&mut self, scout: &Visit, refusal: &Frame) {
        let error = refusal.reply().error();
        let error = error.unwrap_or_else(|| ServerError::new("ERR SELECT was not executed"));
        let home = self.config.database;
        let index = scout.to.index(home);
        // They were sent as they are on the last stream, and waited for this scout.
        let plain_too = !SMALL && scout.to == self.databases.plain_of;
        let taken = self.wire.taken;
        let mut doomed = Vec::new();
        for entry in self.wire.fifo.iter_mut() {
            let gone = match entry.kind {
                _ if entry.end <= taken => false,
                Kind::Visit(visit) => visit.to.index(home) >= index,
                Kind::Command | Kind::Group { .. } => plain_too,
                _ => false,
            };
            if gone && let Some(id) = entry.claim.slot() {
                entry.claim.waive();
                self.backlog.dead += 1;
                doomed.push(id);
            }
        }
        for id in doomed {
            self.fail(id, unreachable(&error));
        }
        self.databases.asked = self.databases.known;
        if !SMALL {
            let until = self.now.saturating_add(REFUSED_FOR);
            self.databases.refused = Some(Refusal { index, error, until });
        }
    }

    /// The stream ended and a scout had no answer. A proxy that hangs up on `MULTI` does so each time: what
    /// waits for other databases must not end every stream.
    #[cold]
    pub(in crate::connection) fn note_lost_scout(&mut self, cause: &Error) {
        self.databases.lost_scouts += 1;
        if self.databases.lost_scouts < MOST_LOST_SCOUTS {
            return;
        }
        let mut doomed = Vec::new();
        for entry in &mut self.wire.fifo {
            if let (Kind::Visit(_), Some(id)) = (entry.kind, entry.claim.slot()) {
                entry.claim.waive();
                doomed.push(id);
            }
        }
        let error = Error::new(ErrorKind::ConnectionLost, Delivery::NotSent)
            .source(cause.clone())
            .detail("the connection was lost whenever the server was asked for another database");
        doomed.into_iter().for_each(|id| self.fail(id, error.clone()));
    }

    /// Queues what a command that is kept for the next stream needs before it: a scout for a database that
    /// this stream may not have. `here` is where the stream is at this place of the queue, if that is sure.
    pub(in crate::connection) fn guard(
        &mut self,
        here: &mut Option<Selected>,
        plain_of: Selected,
        kind: &mut Kind,
    ) {
        let Kind::Visit(visit) = kind else {
            // It is sent as it is: the stream has to be there first.
            if !SMALL && *here != Some(plain_of) {
                self.push_scout(plain_of, None);
                *here = Some(plain_of);
            }
            return;
        };
        let index = visit.to.index(self.config.database);
        if index > self.databases.known && index != self.databases.asked {
            self.push_scout(visit.to, if SMALL { Some(Selected::HOME) } else { *here });
        }
        if !SMALL {
            visit.moves = *here != Some(visit.leaves);
            *here = here.filter(|_| !visit.moves);
        }
        self.databases.count(visit);
    }
}

/// Commands that are the same in every database.
///
/// They need no `SELECT`, and some of them have to work where `SELECT` does not: `SCRIPT KILL`.
const OF_NO_DATABASE: &str = "ACL BGREWRITEAOF BGSAVE CLIENT CLUSTER COMMAND COMMANDLOG CONFIG FAILOVER \
    FLUSHALL FUNCTION INFO LASTSAVE LATENCY LOLWUT MODULE PING PUBLISH PUBSUB READONLY READWRITE REPLICAOF \
    ROLE SAVE SCRIPT SHUTDOWN SLAVEOF SLOWLOG SPUBLISH SWAPDB TIME WAIT WAITAOF";

fn is_of_no_database(args: &[Arg<'_>]) -> bool {
    let name = args.first().map(|name| name.as_bytes()).unwrap_or_default();
    OF_NO_DATABASE.split(' ').any(|known| known.as_bytes().eq_ignore_ascii_case(name))
}

fn unreachable(error: &ServerError) -> Error {
    Error::from_server(error.clone())
        .deliver(Delivery::NotSent)
        .detail("the server refused to select the database, so the command was not sent")
}
