use redmux_transport::{BoxFuture, Instant, Runtime, Timer};

use super::timer::WebTimer;

/// The event loop of the page, worker or server-side JavaScript runtime
#[derive(Debug, Clone, Copy, Default)]
pub struct WebRuntime;

impl Runtime for WebRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        wasm_bindgen_futures::spawn_local(task);
    }

    fn timer(&self, deadline: Instant) -> Box<dyn Timer> {
        Box::new(WebTimer::new(deadline))
    }

    fn entropy(&self) -> u64 {
        let half = || (js_sys::Math::random() * 4_294_967_296.0) as u64;
        half() << 32 | half()
    }
}
