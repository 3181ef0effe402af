//! After maintenance, the client looks whether its server is still the primary.

use redmux::Delivery;
use redmux_test_support::FaultProxy;

use super::*;

const FAILOVER: &str = "NotificationType|NodeMaintenanceFailoverComplete|IsReplica|False";

/// What has the client look.
fn announcements() -> [(&'static str, &'static str); 3] {
    [
        (AZURE, FAILOVER),
        (AZURE, "NotificationType|NodeMaintenanceScaleComplete"),
        ("__Booksleeve_MasterChanged", "*"),
    ]
}

#[async_std::test]
async fn a_client_that_only_reads_leaves_a_demoted_primary_and_loses_no_command() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    // A replica of nobody keeps what it has, and never loads.
    let gone = RedisServer::start();
    gone.kill();
    for (channel, payload) in announcements() {
        old.command(&["REPLICAOF", "NO", "ONE"]);
        let proxy = FaultProxy::start(old.addr());
        let options = options(proxy.addr(), Protocol::Resp3)
            .azure_maintenance(true)
            .config_channel("__Booksleeve_MasterChanged");
        let (muxer, mut events) = connect(options).await;
        new.command(&["SET", "who", "new"]);
        old.command(&["SET", "who", "old"]);
        old.command(&["REPLICAOF", "127.0.0.1", &gone.port().to_string()]);
        proxy.lead_to(new.addr());
        // The old one answers reads, and nobody writes.
        muxer.database().get::<String>("who").await.unwrap();
        publish(&old, channel, payload, 1).await;
        loop {
            match next(&mut events).await {
                Event::ConnectionFailed(failed) => {
                    assert_eq!(failed.maybe_executed, 0, "{failed:?}");
                }
                Event::ConnectionRestored(_) => break,
                Event::ServerMaintenance(_)
                | Event::ConfigurationChangedBroadcast(_)
                | Event::ConfigurationChanged(_) => {}
                other => panic!("{other}"),
            }
            // Reads go on all the time.
            let read = muxer.database().get::<String>("who").await;
            let read = read.unwrap().unwrap();
            assert!(read == "new" || read == "old", "{read}");
        }
        let read = muxer.database().get::<String>("who").await.unwrap();
        assert_eq!(read.as_deref(), Some("new"));
        assert_eq!(proxy.accepted(), 2);
        muxer.close().await;
    }
}

#[async_std::test]
async fn a_name_that_leads_to_the_old_server_for_a_while_is_dialled_again() {
    let (old, new, gone) = (RedisServer::start(), RedisServer::start(), RedisServer::start());
    gone.kill();
    let proxy = FaultProxy::start(old.addr());
    let options = options(proxy.addr(), Protocol::Resp3).azure_maintenance(true);
    let (muxer, _events) = connect(options).await;
    new.command(&["SET", "who", "new"]);
    old.command(&["REPLICAOF", "127.0.0.1", &gone.port().to_string()]);
    publish(&old, AZURE, FAILOVER, 1).await;
    eventually(|| proxy.accepted() == 2).await;
    proxy.lead_to(new.addr());
    eventually(|| subscribers(&new, AZURE) == "1").await;
    assert_eq!(muxer.database().get::<String>("who").await.unwrap().as_deref(), Some("new"));
}

#[async_std::test]
async fn a_server_that_is_what_it_was_keeps_its_connection() {
    let server = RedisServer::start();
    let primary = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        for replica in [false, true] {
            // A replica that was dialled as one stays too.
            let port = primary.port().to_string();
            match replica {
                true => server.command(&["REPLICAOF", "127.0.0.1", &port]),
                false => server.command(&["REPLICAOF", "NO", "ONE"]),
            };
            let proxy = FaultProxy::start(server.addr());
            let options = options(proxy.addr(), protocol).azure_maintenance(true);
            let (muxer, mut events) = connect(options).await;
            let sent = || muxer.status().connections[0].counters.commands_sent;
            publish(&server, AZURE, "NotificationType|NodeMaintenanceScheduled", 1).await;
            assert!(matches!(next(&mut events).await, Event::ServerMaintenance(_)));
            let before = sent();
            for _ in 0..100 {
                assert_eq!(server.command(&["PUBLISH", AZURE, FAILOVER]), "1");
                assert!(matches!(next(&mut events).await, Event::ServerMaintenance(_)));
            }
            // It looked, and not a hundred times.
            eventually(|| sent() > before).await;
            muxer.ping().await.unwrap();
            let accepted = if protocol == Protocol::Resp3 { 1 } else { 2 };
            assert_eq!(proxy.accepted(), accepted);
            muxer.close().await;
            assert!(events.next().await.is_none());
        }
    }
}

#[async_std::test]
async fn a_client_that_is_not_to_leave_stays() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let options = options(old.addr(), Protocol::Resp3).azure_maintenance(true);
    let (muxer, mut events) = connect(options.redial_on_readonly(false)).await;
    old.command(&["REPLICAOF", "127.0.0.1", &new.port().to_string()]);
    publish(&old, AZURE, FAILOVER, 1).await;
    assert!(matches!(next(&mut events).await, Event::ServerMaintenance(_)));
    // That it has looked is seen in the status.
    eventually(|| {
        let status = muxer.status();
        status.connections[0].server.as_ref().unwrap().role.as_deref() == Some("replica")
    })
    .await;
    let error = muxer.database().set("k", "v").await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Answered, "{error}");
    muxer.close().await;
}
