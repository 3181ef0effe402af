//! Notices of maintenance as Azure publishes them.

use std::time::SystemTime;

use redmux::events::{NotificationType, ServerMaintenance};
use redmux_test_support::{Cut, FaultProxy};

use super::*;

const SCHEDULED: &str = "NotificationType|NodeMaintenanceScheduled|StartTimeInUTC|2030-01-02T03:04:05|IsReplica|False\
                         |IPAddress|13.67.42.199|SSLPort|15001|NonSSLPort|13001";
const ENDED: &str =
    "NotificationType|NodeMaintenanceEnded|StartTimeInUTC||IsReplica|True|IPAddress||SSLPort|15001";

async fn notice(events: &mut Events) -> ServerMaintenance {
    match next(events).await {
        Event::ServerMaintenance(notice) => notice,
        other => panic!("{other}"),
    }
}

#[async_std::test]
async fn a_notice_is_an_event_and_again_on_the_next_connection() {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let proxy = FaultProxy::start(server.addr());
        let options = options(proxy.addr(), protocol).azure_maintenance(true);
        let (muxer, mut events) = connect(options).await;
        let before = SystemTime::now();
        publish(&server, AZURE, SCHEDULED, 1).await;
        let scheduled = notice(&mut events).await;
        assert_eq!(scheduled.notification_type, NotificationType::NodeMaintenanceScheduled);
        assert_eq!(scheduled.notification_text, "NodeMaintenanceScheduled");
        assert_eq!(scheduled.raw_message, SCHEDULED);
        assert_eq!(scheduled.endpoint.to_string(), proxy.addr().to_string());
        assert_eq!(scheduled.is_replica, Some(false));
        assert_eq!(scheduled.ip_address, Some([13, 67, 42, 199].into()));
        assert_eq!((scheduled.tls_port, scheduled.plain_port), (Some(15001), Some(13001)));
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_893_553_445);
        assert_eq!(scheduled.start_time, Some(start));
        assert!(before <= scheduled.received && scheduled.received <= SystemTime::now());
        let wait = start.duration_since(scheduled.received).unwrap_or_default();
        assert_eq!(scheduled.starts_in(), Some(wait));

        // The program has subscribed to nothing.
        let status = muxer.status();
        assert_eq!((status.subscriptions, status.listeners, status.messages.delivered), (0, 0, 0));

        proxy.cut(Cut::Rst);
        assert!(matches!(next(&mut events).await, Event::ConnectionFailed(_)));
        // What the client wants for itself is asked for before this is confirmed.
        let marker = muxer.subscriber().subscribe("marker").await.unwrap();
        server.command(&["PUBLISH", AZURE, ENDED]);
        let ended = loop {
            match next(&mut events).await {
                Event::ServerMaintenance(notice) => break notice,
                Event::ConnectionFailed(_) | Event::ConnectionRestored(_) => {}
                other => panic!("{other}"),
            }
        };
        assert_eq!(ended.notification_type, NotificationType::NodeMaintenanceEnded);
        assert_eq!((ended.start_time, ended.ip_address), (None, None));
        assert_eq!(ended.is_replica, Some(true));
        // Nothing is lost for it: the server is what it was, and stays.
        muxer.ping().await.unwrap();
        drop(marker);
        muxer.close().await;
        eventually(|| subscribers(&server, AZURE) == "0").await;
    }
}

#[async_std::test]
async fn what_is_no_notice_is_an_event_of_an_unknown_type() {
    let server = RedisServer::start();
    let options = options(server.addr(), Protocol::Resp3).azure_maintenance(true);
    let (_muxer, mut events) = connect(options).await;
    let long = "x|".repeat(5000);
    for payload in ["", "|||", "NotificationType|Coffee|", "\u{1b}[2J\r\n", &long] {
        publish(&server, AZURE, payload, 1).await;
        let notice = notice(&mut events).await;
        assert_eq!(notice.notification_type, NotificationType::Unknown, "{payload}");
        assert!(!notice.raw_message.is_empty() || payload.is_empty());
        assert!(payload.starts_with(&notice.raw_message));
        assert!(notice.raw_message.len() <= 1024);
        let shown = Event::ServerMaintenance(notice).to_string();
        assert!(shown.contains("unknown type") && !shown.contains(char::is_control), "{shown}");
    }
}

#[async_std::test]
async fn the_program_may_listen_too_and_what_it_ends_is_its_own() {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let options = options(server.addr(), protocol).azure_maintenance(true);
        let (muxer, mut events) = connect(options).await;
        let mut heard = muxer.subscriber().subscribe(AZURE).await.unwrap();
        let other = muxer.subscriber().subscribe("news").await.unwrap();
        let status = muxer.status();
        assert_eq!((status.subscriptions, status.listeners), (2, 2));
        publish(&server, AZURE, SCHEDULED, 1).await;
        assert_eq!(notice(&mut events).await.raw_message, SCHEDULED);
        assert_eq!(heard.next().await.unwrap().message().unwrap().text(), SCHEDULED);

        drop(heard);
        assert_eq!(muxer.status().subscriptions, 1);
        muxer.subscriber().unsubscribe_all();
        assert_eq!(muxer.status().subscriptions, 0);
        eventually(|| subscribers(&server, "news") == "0").await;
        publish(&server, AZURE, ENDED, 1).await;
        assert_eq!(notice(&mut events).await.raw_message, ENDED);
        drop(other);
        muxer.close().await;
    }
}

#[async_std::test]
async fn elsewhere_the_client_does_not_listen() {
    let server = RedisServer::start();
    let asked = options(server.addr(), Protocol::Resp3);
    for (options, expected) in [
        (asked.clone(), "0"),
        (asked.clone().defaults(redmux::options::Defaults::AzureManaged).plaintext(), "1"),
        (asked.clone().defaults(redmux::options::Defaults::Azure), "1"),
        (asked.defaults(redmux::options::Defaults::Azure).azure_maintenance(false), "0"),
    ] {
        let (muxer, _events) = connect(options).await;
        // What the client wants for itself is asked for by the time a second one is confirmed.
        let _news = muxer.subscriber().subscribe("news").await.unwrap();
        eventually(|| subscribers(&server, AZURE) == expected).await;
        let _more = muxer.subscriber().subscribe("more").await.unwrap();
        assert_eq!(subscribers(&server, AZURE), expected);
        assert_eq!(subscribers(&server, "__Booksleeve_MasterChanged"), "0");
        muxer.close().await;
        eventually(|| subscribers(&server, AZURE) == "0").await;
    }
}
