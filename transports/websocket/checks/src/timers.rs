use std::{cell::Cell, collections::BTreeSet, future::poll_fn, rc::Rc, task::Poll, time::Duration};

use futures::future::{Either, select};
use redmux_transport::{Capabilities, Runtime, Timer};
use redmux_websocket::WebRuntime;
use wasm_bindgen::prelude::*;

use crate::sleep;

#[wasm_bindgen]
extern "C" {
    // Counted by `scenarios.mjs` around the runtime's own functions.
    #[wasm_bindgen(js_name = timersMade)]
    fn timers_made() -> u32;
    #[wasm_bindgen(js_name = openTimers)]
    fn open_timers() -> u32;
}

async fn is_due(timer: &mut Box<dyn Timer>) -> bool {
    poll_fn(|cx| Poll::Ready(timer.poll_expired(cx).is_ready())).await
}

#[wasm_bindgen]
pub async fn timers(_base: String) -> String {
    let runtime = WebRuntime;
    let millis = Duration::from_millis;
    let open = open_timers();
    let mut timer = runtime.timer(runtime.now() + millis(3_600_000));
    let made = timers_made();
    for later in 0..1000 {
        timer.reset(runtime.now() + millis(3_600_000 + later));
        assert!(!is_due(&mut timer).await);
    }
    assert!(timers_made() - made <= 1, "later deadlines made timers");

    let at = runtime.now() + millis(50);
    timer.reset(at);
    poll_fn(|cx| timer.poll_expired(cx)).await;
    assert!(runtime.now() >= at);
    assert!(is_due(&mut timer).await, "it stays due until it is reset");

    // Moved later while armed: on time, and never early.
    timer.reset(runtime.now() + millis(30));
    assert!(!is_due(&mut timer).await);
    let at = runtime.now() + millis(120);
    timer.reset(at);
    poll_fn(|cx| timer.poll_expired(cx)).await;
    assert!(runtime.now() >= at);

    // Beyond what setTimeout can count: it must not fire at once.
    timer.reset(runtime.now() + Duration::from_secs(60 * 24 * 3600));
    let far = poll_fn(|cx| timer.poll_expired(cx));
    if let Either::Left(_) = select(far, Box::pin(sleep(80))).await {
        panic!("sixty days have passed");
    }
    timer.reset(runtime.now() - millis(5));
    poll_fn(|cx| timer.poll_expired(cx)).await;
    drop(timer);
    assert_eq!(open_timers(), open, "a dropped timer is left");
    "one timer, armed again and again".to_owned()
}

#[wasm_bindgen]
pub async fn runtime(_base: String) -> String {
    let environment = redmux_websocket::environment();
    let ran = Rc::new(Cell::new(false));
    let flag = ran.clone();
    environment.runtime.spawn(Box::pin(async move {
        sleep(5).await;
        flag.set(true);
    }));
    sleep(60).await;
    assert!(ran.get());
    assert_eq!(environment.transport.capabilities(), Capabilities::messages());
    let drawn: BTreeSet<u64> = (0..100).map(|_| environment.runtime.entropy()).collect();
    assert_eq!(drawn.len(), 100);
    "spawns, draws".to_owned()
}
