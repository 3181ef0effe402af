//! What runs and is no command, by the numbers of JavaScript.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use futures::{
    channel::{mpsc::UnboundedSender, oneshot},
    future::AbortHandle,
};
use redmux::Error;

/// Those that run, by number
#[derive(Clone, Default)]
pub(crate) struct Tasks(Rc<RefCell<HashMap<u32, Task>>>);

pub(super) struct Task {
    pub(super) handle: AbortHandle,
    /// Says how the body of a `WATCH` ended.
    pub(super) body: Option<oneshot::Sender<Option<Error>>>,
    /// Asks for the next page.
    pub(super) next: Option<UnboundedSender<()>>,
}

impl Tasks {
    pub(super) fn end(&self) {
        for (_, task) in self.0.take() {
            task.handle.abort();
        }
    }

    pub(super) fn add(&self, number: u32, task: Task) {
        self.0.borrow_mut().insert(number, task);
    }

    pub(super) fn take(&self, number: u32) -> Option<Task> {
        self.0.borrow_mut().remove(&number)
    }

    pub(super) fn with<T>(&self, number: u32, act: impl FnOnce(&mut Task) -> T) -> Option<T> {
        self.0.borrow_mut().get_mut(&number).map(act)
    }
}
