//! What an error says of whether the command was sent.

use redmux::{RetryPolicy, command::SideEffects};

use super::*;

#[test]
fn a_subscription_that_times_out_says_whether_the_server_was_asked() {
    let (runtime, muxer, silent) = client_with_mutable_server(options());
    silent.store(1, Ordering::SeqCst);
    let subscriber = muxer.subscriber();
    let error = runtime.block_on(subscriber.subscribe("asked")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Response), "{error}");
    assert_eq!(error.delivery(), Delivery::MaybeExecuted, "{error}");
    // Given up for its silence, and nothing answers on the next connection.
    runtime.advance(10 * SECOND);
    assert!(!muxer.is_connected());
    let both = join_all([subscriber.subscribe("unasked"), subscriber.subscribe("unasked")]);
    for result in runtime.block_on(both) {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Queue), "{error}");
        assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
        assert_eq!(error.command_name(), Some("SUBSCRIBE"));
        assert!(error.is_retryable(), "{error}");
    }
    assert_eq!(muxer.status().subscriptions, 0);
}

#[test]
fn an_attempt_that_was_not_sent_does_not_hide_one_that_may_have_run() {
    let (runtime, muxer, silent) = client_with_mutable_server(options());
    silent.store(1, Ordering::SeqCst);
    let policy = RetryPolicy::new().up_to(SideEffects::WriteLastWins).within(60 * SECOND);
    let db = muxer.database();
    let set = db.set("k", "v").timeout(8 * SECOND).retry(&policy.attempts(2));
    // The first attempt is lost with the silent connection; the second finds no other one.
    let error = runtime.block_on(set).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Queue), "{error}");
    assert_eq!(error.delivery(), Delivery::MaybeExecuted, "{error}");
    assert!(!error.is_retryable(), "{error}");
}
