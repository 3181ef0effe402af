//! What JavaScript was asked for and has not answered.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use futures::channel::oneshot;
use redmux::options::Credentials;

type Answer = Result<Credentials, String>;

/// By number, which this side chooses
#[derive(Clone, Default)]
pub(super) struct Asked(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    last: u32,
    open: HashMap<u32, oneshot::Sender<Answer>>,
}

impl Asked {
    pub(super) fn ask(&self) -> (u32, oneshot::Receiver<Answer>) {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.0.borrow_mut();
        // A connection that was given up does not wait any more.
        state.open.retain(|_, sender| !sender.is_canceled());
        state.last = state.last.wrapping_add(1);
        let number = state.last;
        state.open.insert(number, sender);
        (number, receiver)
    }

    pub(super) fn answer(&self, number: u32, answer: Answer) {
        let open = self.0.borrow_mut().open.remove(&number);
        if let Some(open) = open {
            // Its connection may have been given up.
            let _ = open.send(answer);
        }
    }

    pub(super) fn clear(&self) {
        let open = std::mem::take(&mut self.0.borrow_mut().open);
        drop(open);
    }
}
