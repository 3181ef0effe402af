//! A stranger publishes as fast as it can where the client listens.

use super::*;

#[test]
fn a_flood_of_announcements_is_a_look_a_second_at_most() {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    let (floods, looks) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (flooded, looked) = (floods.clone(), looks.clone());
    listen(&runtime, listener, move || {
        let (flooded, looked) = (flooded.clone(), looked.clone());
        move |words: &[Vec<u8>]| match &words[0][..] {
            b"SUBSCRIBE" => {
                let channel = "$16\r\nAzureRedisEvents\r\n";
                let notice = "NotificationType|NodeMaintenanceEnded";
                let length = notice.len();
                let message = format!(">3\r\n$7\r\nmessage\r\n{channel}${length}\r\n{notice}\r\n");
                flooded.fetch_add(1000, Ordering::SeqCst);
                let confirmed = format!(">3\r\n$9\r\nsubscribe\r\n{channel}:1\r\n");
                Answer::Reply([confirmed, message.repeat(1000)].concat().into_bytes())
            }
            b"HELLO" | b"PING" => {
                looked.fetch_add(1, Ordering::SeqCst);
                polite(words)
            }
            _ => polite(words),
        }
    });
    // Without probes: the server of this test says no role, so that a look is a `PING`.
    let options = options().azure_maintenance(true).keep_alive(Duration::MAX);
    let connect = ConnectionMultiplexer::connect_with(options, environment(&runtime, transport));
    let muxer = runtime.block_on(connect).unwrap();
    let mut events = muxer.events();
    runtime.advance(SECOND / 2);
    assert_eq!(floods.load(Ordering::SeqCst), 1000);
    assert_eq!(looks.load(Ordering::SeqCst), 2, "the handshake, and one look");
    runtime.advance(60 * SECOND);
    assert_eq!(looks.load(Ordering::SeqCst), 3, "and one for all that came during it");
    // What waits for a listener is bounded.
    let first = runtime.block_on(events.next());
    assert!(matches!(first, Some(Event::Missed(_) | Event::ServerMaintenance(_))), "{first:?}");
    // A multiplexer that is dropped looks at nothing more.
    drop(muxer);
    runtime.advance(60 * SECOND);
    assert_eq!(looks.load(Ordering::SeqCst), 3);
}
