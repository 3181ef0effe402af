//! A stranger publishes as fast as it can where the client listens.

use super::*;

const CHANNEL: &str = "$16\r\nAzureRedisEvents\r\n";

/// The answer to `SUBSCRIBE`, and this number of notices.
fn notices(count: usize, kind: &str) -> Answer {
    let notice = format!("NotificationType|NodeMaintenance{kind}");
    let message = format!(">3\r\n$7\r\nmessage\r\n{CHANNEL}${}\r\n{notice}\r\n", notice.len());
    let confirmed = format!(">3\r\n$9\r\nsubscribe\r\n{CHANNEL}:1\r\n");
    Answer::Reply([confirmed, message.repeat(count)].concat().into_bytes())
}

/// What the first and the second connection hear when they have subscribed
struct Course {
    first: &'static str,
    second: Option<&'static str>,
    /// Whether the first connection ends with the look that follows.
    lost_by_look: bool,
}

/// Leads to a primary, then to a replica, then to primaries, while maintenance takes this course.
fn after(course: Course) -> (usize, Option<String>) {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = accepted.clone();
    listen(&runtime, listener, move || {
        let number = count.fetch_add(1, Ordering::SeqCst);
        let mut greeted = false;
        move |words: &[Vec<u8>]| match &words[0][..] {
            b"SUBSCRIBE" => match (number, course.second) {
                (0, _) => notices(1, course.first),
                (1, Some(second)) => notices(1, second),
                _ => notices(0, ""),
            },
            b"HELLO" if number == 0 && std::mem::replace(&mut greeted, true) => Answer::HangUp,
            b"ECHO" if number == 0 && !course.lost_by_look => Answer::HangUp,
            b"HELLO" => {
                let role = ["$6\r\nmaster", "$7\r\nreplica"][usize::from(number == 1)];
                let said = format!("%2\r\n$5\r\nproto\r\n:3\r\n$4\r\nrole\r\n{role}\r\n");
                Answer::Reply(said.into_bytes())
            }
            _ => polite(words),
        }
    });
    let options = options().azure_maintenance(true);
    let connect = ConnectionMultiplexer::connect_with(options, environment(&runtime, transport));
    let muxer = runtime.block_on(connect).unwrap();
    runtime.advance(SECOND);
    let _ = runtime.block_on(muxer.execute::<String>("ECHO", ["x"]));
    runtime.advance(60 * SECOND);
    let role = muxer.status().connections[0].server.clone().unwrap().role;
    (accepted.load(Ordering::SeqCst), role)
}

#[test]
fn a_connection_that_is_lost_on_the_way_leads_to_a_primary_in_the_end() {
    // The first server is gone before it can say that it is a replica now; its name leads to it once more.
    let lost_by_look = Course { first: "Ended", second: None, lost_by_look: true };
    // It goes with the maintenance that was announced, and the next connection hears that this is over.
    let lost_before = Course { first: "Start", second: Some("Ended"), lost_by_look: false };
    for course in [lost_by_look, lost_before] {
        assert_eq!(after(course), (3, Some("master".to_owned())));
    }
    // Without maintenance, a replica is as good as a primary.
    let unannounced = Course { first: "", second: None, lost_by_look: false };
    assert_eq!(after(unannounced), (2, Some("replica".to_owned())));
}

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
                flooded.fetch_add(1000, Ordering::SeqCst);
                notices(1000, "Ended")
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
