//! Waits between attempts.

use std::time::Duration;

use redmux_transport::Runtime;

use crate::{
    clock::sleep,
    connection::{ExponentialBackoff, ReconnectPolicy},
};

/// Between attempts: about a round trip at first.
const WAITS: ExponentialBackoff =
    ExponentialBackoff { base: Duration::from_millis(1), cap: Duration::from_millis(100) };

/// Waits after this attempt, counted from 1.
pub(crate) async fn wait(runtime: &dyn Runtime, attempt: u32) {
    let wait = WAITS.delay(attempt.saturating_add(1), Duration::ZERO, runtime.entropy());
    sleep(runtime, wait).await;
}
