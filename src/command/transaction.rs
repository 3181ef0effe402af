//! `MULTI`, calls and `EXEC` in one piece: how calls get into a transaction, and out of it.

use std::sync::Arc;

pub(crate) use super::queue::{Exec, Queue};
use super::{Call, Calls, Handling, Pending, check_shared};
use crate::{
    Delivery, Error, ErrorKind, FULL, Result,
    connection::{Link, Prelude, Selected},
    resp::{Arg, ArgList, DecodeError, Frame, FromReply, Kind, Reply, ToArgs},
};

impl<'a> Queue<'a> {
    /// `MULTI` and the calls, unless one of them was refused or has been polled.
    pub(crate) fn of(
        calls: &mut impl Calls,
        places: [(&'a Link, Selected); 2],
        handling: Option<&'a Arc<Handling>>,
    ) -> Result<Self> {
        let mut queue = Self {
            places,
            handling,
            prelude: Prelude::default(),
            #[cfg(feature = "topology")]
            slot: None,
        };
        let mut multi = ArgList::new();
        multi.push(Arg::Bytes(b"MULTI"));
        if FULL && let Some(handling) = handling {
            handling.rewrite(&mut multi).map_err(|error| error.command("MULTI"))?;
        }
        queue.push(&multi);
        queue.prelude.opens = queue.prelude.bytes.len();
        calls.queue(&mut queue)?;
        Ok(queue)
    }
}

impl<T: FromReply, A: ToArgs> Call<'_, T, A> {
    /// Puts the command into a transaction; as a call of its own it is over.
    pub(super) fn enqueue(&mut self, queue: &mut Queue<'_>) -> Result<()> {
        self.hand_over()?;
        let mut places = queue.places.iter().filter(|(link, _)| std::ptr::eq(*link, self.link()));
        if !places.any(|(_, database)| *database == self.database) {
            let why = "this call was made for another connection or database";
            return Err(Error::rejected(&self.full_name(), why));
        }
        let mut args = self.words();
        // Leases let more pass, such as EXEC.
        check_shared(&args)?;
        self.rewrite(&mut args)?;
        #[cfg(feature = "topology")]
        if self.link().router().is_some_and(|router| !router.is_undivided()) {
            self.join_slot(&mut queue.slot, &args)?;
        }
        queue.push(&args);
        Ok(())
    }

    /// Its part of the reply to `EXEC`.
    pub(super) fn part(&self, reply: Option<Reply<'_>>) -> Result<T> {
        match reply {
            Some(reply) => self.decode(&reply.to_frame()),
            None => {
                let why = "shorter than the transaction";
                let error = DecodeError::because("a reply to each call", Kind::Array, why);
                Err(Error::from_decode(error).command(&*self.full_name()))
            }
        }
    }
}

/// Whether the server has let go of what was watched: it has, unless no answer came or `MULTI`
/// itself was refused.
pub(crate) fn has_unwatched(exec: &Exec<'_>, outcome: &Result<Frame>) -> bool {
    let answered = match outcome {
        Ok(_) => true,
        Err(error) => error.delivery() == Delivery::Answered,
    };
    answered && exec.prelude_errors().first().is_none_or(|(place, _)| *place > 0)
}

/// What became of a transaction: the results of its calls, or `None` where a watched key had
/// changed and nothing was executed.
pub(crate) fn conclude<C: Calls>(
    calls: &C,
    exec: &Exec<'_>,
    outcome: Result<Frame>,
) -> Result<Option<<C::Pending as Pending>::Results>> {
    if let Some((place, reply)) = exec.prelude_errors().first() {
        match place.checked_sub(1) {
            None => exec.decode::<()>(reply).map_err(|error| {
                let error = error.command("MULTI").deliver(Delivery::MaybeExecuted);
                error.detail("the calls behind it were not in a transaction")
            })?,
            Some(place) => calls.refusal(place as usize, reply).map_err(|error| {
                error.detail("the server refused it, and with it the whole transaction")
            })?,
        }
    }
    let reply = outcome?;
    if reply.reply().is_null() {
        return Ok(None);
    }
    let mut items = reply.reply().items();
    Ok(Some(calls.answers(&mut || items.as_mut()?.next())))
}

/// Watched keys had changed.
pub(crate) fn conflict(detail: &str) -> Error {
    Error::new(ErrorKind::Conflict, Delivery::Answered).command("EXEC").detail(detail)
}
