//! What the build for servers has beside the one for pages.
//!
//! A *view* is a [`redmux::Database`] under a number: that of one of several servers, with a prefix for keys, on a leased
//! connection. Entries of a batch name it in place of a database. A *task* is what takes its time and is no command: its
//! news come through `hooks.told`.

mod asked;
mod commands;
mod credentials;
pub(crate) mod events;
mod jobs;
mod opening;
mod target;
mod tasks;
mod views;
mod views_and_groups;
mod words;

use std::{
    cell::{OnceCell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use asked::Asked;
use futures::future::AbortHandle;
use redmux::ConnectionMultiplexer;

pub(crate) use target::target;
use tasks::Tasks;
pub(crate) use views::Views;

/// There is none before the server has said what it is, nor if the options were refused.
#[derive(Clone, Default)]
pub(crate) struct Muxer(Rc<Late>);

#[derive(Default)]
struct Late {
    muxer: OnceCell<ConnectionMultiplexer>,
    waiting: RefCell<Vec<Waker>>,
}

impl Muxer {
    pub(crate) fn get(&self) -> Option<&ConnectionMultiplexer> {
        self.0.muxer.get()
    }

    /// Waits until there is one; the end of the client ends what waits.
    async fn ready(&self) -> ConnectionMultiplexer {
        poll_fn(|cx| match self.get() {
            Some(muxer) => Poll::Ready(muxer.clone()),
            None => {
                self.0.waiting.borrow_mut().push(cx.waker().clone());
                Poll::Pending
            }
        })
        .await
    }

    fn set(&self, muxer: ConnectionMultiplexer) {
        // It is set once, by the task that connects.
        let _ = self.0.muxer.set(muxer);
        self.0.waiting.take().into_iter().for_each(Waker::wake);
    }
}

/// What a client has beside that of a page
pub(crate) struct Extras {
    views: Views,
    tasks: Tasks,
    asked: Asked,
    connecting: AbortHandle,
}

impl Extras {
    /// Ends everything that holds the hooks.
    pub(crate) fn end(&self) {
        self.connecting.abort();
        self.tasks.end();
        self.asked.clear();
        self.views.clear();
    }
}
