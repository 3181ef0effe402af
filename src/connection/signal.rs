use std::{
    sync::{Arc, atomic::Ordering},
    task::{Context, Wake, Waker},
};

use crate::sync::{AtomicBool, AtomicWaker};

/// A waker that remembers that it was called
///
/// The driver polls a reader, a writer and a timer from one task. Without this, each
/// wake-up would poll all three, and polling an unready socket costs two system calls.
pub(crate) struct Signal {
    flag: Arc<Flag>,
    waker: Waker,
}

struct Flag {
    raised: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.raised.store(true, Ordering::Release);
        self.task.wake();
    }
}

impl Signal {
    /// A raised signal: the first poll of anything must happen unasked.
    pub(crate) fn new() -> Self {
        let flag = Arc::new(Flag { raised: AtomicBool::new(true), task: AtomicWaker::new() });
        Self { waker: Waker::from(flag.clone()), flag }
    }

    /// Names the task to wake; to be called in every poll before the first look.
    pub(crate) fn attach(&self, cx: &Context<'_>) {
        self.flag.task.register(cx.waker());
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.flag.raised.load(Ordering::Acquire)
    }

    /// Lowers the signal; the poll that follows raises it again when it is worth it.
    pub(crate) fn lower(&self) {
        self.flag.raised.store(false, Ordering::Release);
    }

    pub(crate) fn raise(&self) {
        self.flag.raised.store(true, Ordering::Release);
    }

    /// The context to poll with.
    pub(crate) fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }
}
