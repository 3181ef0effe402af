//! Notices as Azure sends them, and others.

use proptest::prelude::*;

use super::*;
use crate::Event;

/// When the notices of these tests are received: seven seconds before the start that most name.
fn received() -> SystemTime {
    parse_utc("2021-03-02T23:26:50").unwrap()
}

fn read(payload: &[u8]) -> ServerMaintenance {
    let endpoint = Arc::new(Endpoint::tcp("x.redis.cache.windows.net", 6380));
    ServerMaintenance::from_azure(endpoint, payload, received())
}

fn shown(payload: &str) -> String {
    let text = Event::ServerMaintenance(read(payload.as_bytes())).to_string();
    text.strip_prefix("server maintenance: x.redis.cache.windows.net:6380: ").unwrap().to_owned()
}

#[test]
fn a_notice_has_all_its_parts() {
    for (start, address) in [("StartTimeInUTC", "IPAddress"), ("StartTimeUtc", "IpAddress")] {
        let payload = format!(
            "NotificationType|NodeMaintenanceStarting|{start}|2021-03-02T23:26:57|IsReplica|False\
             |{address}|13.67.42.199|SSLPort|15001|NonSSLPort|13001"
        );
        for payload in [payload.clone(), payload.to_lowercase(), format!("||{payload}|")] {
            let notice = read(payload.as_bytes());
            assert_eq!(notice.notification_type, NotificationType::NodeMaintenanceStarting);
            assert!(notice.notification_text.eq_ignore_ascii_case("NodeMaintenanceStarting"));
            assert_eq!(notice.start_time, parse_utc("2021-03-02T23:26:57"));
            assert_eq!(notice.starts_in(), Some(Duration::from_secs(7)));
            assert_eq!(notice.is_replica, Some(false));
            assert_eq!(notice.ip_address, Some([13, 67, 42, 199].into()));
            assert_eq!((notice.tls_port, notice.plain_port), (Some(15001), Some(13001)));
            assert_eq!(notice.raw_message, payload);
            assert_eq!(notice.received, received());
        }
    }
}

#[test]
fn the_types_are_known_with_their_alias() {
    use NotificationType::*;
    for (name, kind, aftermath) in [
        ("NodeMaintenanceScheduled", NodeMaintenanceScheduled, false),
        ("NodeMaintenanceStarting", NodeMaintenanceStarting, false),
        ("NodeMaintenanceStart", NodeMaintenanceStart, false),
        ("NodeMaintenanceEnded", NodeMaintenanceEnded, true),
        ("NodeMaintenanceFailover", NodeMaintenanceFailoverComplete, true),
        ("NodeMaintenanceFailoverComplete", NodeMaintenanceFailoverComplete, true),
        ("NodeMaintenanceScaleComplete", NodeMaintenanceScaleComplete, true),
        ("NodeMaintenanceStarting1", Unknown, false),
    ] {
        let notice = read(format!("NotificationType|{name}").as_bytes());
        assert_eq!(notice.notification_type, kind);
        assert_eq!(notice.notification_text, name);
        assert_eq!(kind.is_aftermath(), aftermath);
    }
}

#[test]
fn what_is_missing_or_malformed_is_none_and_the_rest_is_read() {
    let junk = "NotificationType|NodeMaintenanceEnded|somejunkkey|somejunkvalue|StartTimeInUTC|\
                |IsReplica|j|IPAddress||SSLPort|char|NonSSLPort|139991|tail";
    let notice = read(junk.as_bytes());
    assert_eq!(notice.notification_type, NotificationType::NodeMaintenanceEnded);
    assert_eq!((notice.start_time, notice.starts_in()), (None, None));
    assert_eq!((notice.is_replica, notice.ip_address), (None, None));
    assert_eq!((notice.tls_port, notice.plain_port), (None, None));
    for payload in [
        "NotificationType|",
        "NotificationType",
        "1|2|3",
        "StartTimeInUTC|",
        "SSLPort|",
        "|",
        "",
        "||||",
        "StartTimeInUTC|thisisthestart",
        "SSLPort|0",
        "maintenance!",
    ] {
        let notice = read(payload.as_bytes());
        assert_eq!(notice.notification_type, NotificationType::Unknown, "{payload}");
        assert_eq!(notice.notification_text, "", "{payload}");
        assert_eq!((notice.start_time, notice.tls_port), (None, None), "{payload}");
        assert_eq!(notice.raw_message, payload);
    }
}

#[test]
fn a_notice_that_is_too_long_is_cut_and_half_a_value_is_none() {
    let head = "NotificationType|NodeMaintenanceStart|x|";
    let tail = "|SSLPort|15001";
    let payload = |padding: usize| format!("{head}{}{tail}", "é".repeat(padding));
    let whole = payload((LONGEST_NOTICE - head.len() - tail.len()) / 2);
    assert_eq!(read(whole.as_bytes()).tls_port, Some(15001));
    // One character longer, the port would be 150.
    let cut = read(payload((LONGEST_NOTICE - head.len() - tail.len()) / 2 + 1).as_bytes());
    assert_eq!(cut.notification_type, NotificationType::NodeMaintenanceStart);
    assert_eq!(cut.tls_port, None);
    assert!(cut.raw_message.len() <= LONGEST_NOTICE);
    let kind = read(format!("NotificationType|{}", "é".repeat(500)).as_bytes());
    assert_eq!(kind.notification_text, "é".repeat(LONGEST_TYPE / 2));
    assert!(read(&[0xff; 5000]).raw_message.len() <= LONGEST_NOTICE);
}

#[test]
fn an_operator_reads_what_it_means() {
    let node = "IPAddress|10.0.0.4|SSLPort|15001|NonSSLPort|13001";
    for (payload, expected) in [
        (
            format!(
                "NotificationType|NodeMaintenanceScheduled|StartTimeInUTC|2021-03-02T23:36:50|IsReplica|False|{node}"
            ),
            "maintenance of the primary is planned for 2021-03-02T23:36:50Z, in 600 s; connections to it end and a \
             replica takes over (node 10.0.0.4, TLS port 15001, plain port 13001)",
        ),
        (
            format!(
                "NotificationType|NodeMaintenanceStarting|StartTimeInUTC|2021-03-02T23:27:10|IsReplica|True|{node}"
            ),
            "maintenance of a replica is about to start at 2021-03-02T23:27:10Z, in 20 s; connections to it end \
             (node 10.0.0.4, TLS port 15001, plain port 13001)",
        ),
        (
            "NotificationType|NodeMaintenanceStart|StartTimeInUTC||IPAddress||SSLPort|15001"
                .to_owned(),
            "maintenance of a node starts within 5 s; connections to it end, and a replica takes over if it is the \
             primary (TLS port 15001)",
        ),
        (
            "NotificationType|NodeMaintenanceEnded|IsReplica|True".to_owned(),
            "maintenance of a replica is over; the node is back",
        ),
        (
            "NotificationType|NodeMaintenanceFailover".to_owned(),
            "failover is complete: a replica is the primary now",
        ),
        (
            "NotificationType|NodeMaintenanceScaleComplete".to_owned(),
            "scaling is complete: the cache has its new size",
        ),
        // A start in the past, and none.
        (
            "NotificationType|NodeMaintenanceStarting|StartTimeInUTC|2021-03-02T23:26:00"
                .to_owned(),
            "maintenance of a node is about to start at 2021-03-02T23:26:00Z, in 0 s; connections to it end, and a \
             replica takes over if it is the primary",
        ),
        (
            "NotificationType|Coffee|x\n\u{1b}[2J".to_owned(),
            "a notice of an unknown type: NotificationType|Coffee|x\\u{a}\\u{1b}[2J",
        ),
    ] {
        assert_eq!(shown(&payload), expected);
    }
}

proptest! {
    #[test]
    fn any_message_becomes_an_event_of_bounded_size(payload in prop::collection::vec(any::<u8>(), 0..3000)) {
        let notice = read(&payload);
        prop_assert!(notice.raw_message.len() <= LONGEST_NOTICE);
        prop_assert!(notice.notification_text.len() <= LONGEST_TYPE);
        let text = notice.to_string();
        prop_assert!(!text.contains('\n'));
    }

    #[test]
    fn near_a_notice_too(parts in prop::collection::vec(part(), 0..30)) {
        let notice = read(parts.join("|").as_bytes());
        let text = notice.to_string();
        prop_assert!(!text.contains('\n') && text.len() < 8 * LONGEST_NOTICE, "{}", text);
        prop_assert_eq!(notice.starts_in().is_some(), notice.start_time.is_some());
    }
}

fn part() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "NotificationType",
        "StartTimeInUTC",
        "StartTimeUtc",
        "IsReplica",
        "IPAddress",
        "IpAddress",
        "SSLPort",
        "NonSSLPort",
        "NodeMaintenanceStart",
        "NodeMaintenanceScheduled",
        "2021-03-02T23:26:57",
        "True",
        "false",
        "::1",
        "65535",
        "65536",
        "",
    ]);
    prop_oneof![known.prop_map(str::to_owned), ".{0,12}", "[0-9T:.-]{0,24}"]
}
