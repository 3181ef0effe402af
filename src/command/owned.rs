//! Calls that own all they need: to be stored, and to be run by tasks of their own.

use std::{
    borrow::Cow,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use super::{Call, call::State, extras::Extras};
use crate::{
    Error, Result,
    resp::{Arg, ArgList, FromReply, Mend, ToArgs},
    sync::SyncFuture,
};

/// A call that borrows nothing; made by [`Call::owned`]
///
/// It is a future of one type for each reply type, so that a struct can hold it, a `Vec` many of
/// them, and `spawn` takes it. Nothing is sent before the first poll; dropping it gives the call up.
///
/// It keeps the multiplexer alive until it is done or dropped, and if it was made on a
/// [`Lease`](crate::database::Lease), the lease too. [Closing](crate::ConnectionMultiplexer::close) ends it as any
/// other call.
#[must_use = "a call does nothing unless it is awaited"]
pub struct OwnedCall<T> {
    name: Cow<'static, str>,
    future: SyncFuture<'static, Result<T>>,
}

impl<T: FromReply + 'static, A: ToArgs> Call<'_, T, A> {
    /// The same call without what it borrows: to be stored, or spawned as a task
    ///
    /// Copies the arguments. What else the call is to have, such as [`timeout`](Self::timeout), it
    /// gets before.
    ///
    /// ```no_run
    /// # #[cfg(feature = "async-std")]
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use async_std::task::spawn;
    /// use redmux::command::OwnedCall;
    ///
    /// let name = spawn(db.get::<String>("name").owned());
    /// let visits: Vec<OwnedCall<i64>> =
    ///     (0..10).map(|page| db.incr(format!("visits:{page}")).owned()).collect();
    /// drop(db);
    /// // All are sent together, as calls of several tasks are.
    /// let visits = futures::future::try_join_all(visits).await?;
    /// let name: Option<String> = name.await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn owned(mut self) -> OwnedCall<T> {
        let mut args = Owned { words: Vec::new(), mend: self.args.mend() };
        {
            let mut words = ArgList::new();
            self.args.append_to(&mut words);
            args.words.extend(words.into_iter().map(Arg::into_owned));
        }
        let name = self.full_name();
        let refused = match std::mem::replace(&mut self.state, State::Done) {
            State::New => None,
            State::Refused(error) => Some(error),
            _ => Some(self.awaited_again()),
        };
        let home = self.link.home();
        let above = home.as_ref().and_then(|home| home.above());
        let handling = self.handling.cloned();
        let (command, subcommand, timeout) = (self.name.clone(), self.subcommand, self.timeout);
        let database = self.database;
        let mut extras = self.extras.take();
        #[cfg(feature = "topology")]
        let read_from = extras.as_ref().and_then(|extras| extras.routing.read_from);
        let retrying = extras.as_mut().map(|extras| std::mem::take(&mut extras.retrying));
        let leasing = extras.and_then(|extras| extras.leasing).map(|leasing| leasing.plan());
        let future = Box::pin(async move {
            // It lives on for the sake of the home.
            let _above = above;
            let Some(home) = home else {
                return Err(Error::closed());
            };
            let mut call = Call::<T, _>::new(home.link(), command, args);
            (call.subcommand, call.timeout, call.database) = (subcommand, timeout, database);
            if let Some(error) = refused {
                call.state = State::Refused(error);
            }
            call.handling = handling.as_ref();
            if let Some(retrying) = retrying {
                call.extras = Some(Box::new(Extras { retrying, ..Extras::default() }));
            }
            #[cfg(feature = "topology")]
            if let Some(read_from) = read_from {
                call = call.read_from(read_from);
            }
            if let Some(plan) = leasing {
                call = call.leasing_as(plan, &*home);
            }
            call.await
        });
        OwnedCall { name, future: SyncFuture::new(future) }
    }
}

/// Arguments that were copied
struct Owned {
    words: Vec<Arg<'static>>,
    mend: Option<Mend>,
}

impl ToArgs for Owned {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        self.words.append_to(args);
    }

    fn mend(&self) -> Option<Mend> {
        self.mend
    }
}

impl<T> Future for OwnedCall<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        Pin::new(&mut self.future).poll(cx)
    }
}

impl<T> fmt::Debug for OwnedCall<T> {
    /// Prints the command's name, never its arguments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedCall").field("command", &self.name).finish_non_exhaustive()
    }
}
