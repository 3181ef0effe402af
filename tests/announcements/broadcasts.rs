//! Programs that tell each other of changes, as those with StackExchange.Redis do.

use redmux::{Endpoint, ErrorKind, events::ConfigurationChangedBroadcast};

use super::*;

const STOCK: &str = "__Booksleeve_MasterChanged";

async fn broadcast(events: &mut Events) -> ConfigurationChangedBroadcast {
    match next(events).await {
        Event::ConfigurationChangedBroadcast(broadcast) => broadcast,
        other => panic!("{other}"),
    }
}

#[async_std::test]
async fn programs_hear_each_other_over_the_channel_of_stack_exchange() {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let plain = options(server.addr(), protocol);
        // By several endpoints, by name, and a prefix changes nothing.
        let several = plain.clone().endpoint(server.addr().to_string());
        let prefixed = plain.clone().config_channel(STOCK).channel_prefix("app:");
        let (first, mut hears_first) = connect(several).await;
        let (second, mut hears_second) = connect(prefixed).await;
        let (deaf, mut hears_nothing) = connect(plain).await;
        // As StackExchange.Redis writes it: `*`, or the new primary.
        publish(&server, STOCK, "*", 2).await;
        publish(&server, STOCK, "10.0.0.4:6380", 2).await;
        for events in [&mut hears_first, &mut hears_second] {
            let all = broadcast(events).await;
            assert_eq!(
                (all.announced, all.endpoint.to_string()),
                (None, server.addr().to_string())
            );
            let one = broadcast(events).await;
            assert_eq!(one.announced, Some(Endpoint::tcp("10.0.0.4", 6380)));
        }
        // And what is written here, as a program there reads it.
        let raw = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
        let mut raw = raw.subscriber().subscribe(STOCK).await.unwrap();
        for muxer in [&first, &second, &deaf] {
            for (changed, text) in [(None, "*"), (Some(Endpoint::tcp("::1", 7000)), "[::1]:7000")] {
                assert_eq!(muxer.publish_reconfigure(changed.as_ref()).await.unwrap(), 3);
                assert_eq!(raw.next().await.unwrap().message().unwrap().text(), text);
                for events in [&mut hears_first, &mut hears_second] {
                    assert_eq!(broadcast(events).await.announced, changed);
                }
            }
        }
        for muxer in [&first, &second, &deaf] {
            assert_eq!(muxer.status().subscriptions, 0);
            muxer.close().await;
        }
        assert!(hears_nothing.next().await.is_none());
        drop(raw);
        eventually(|| subscribers(&server, STOCK) == "0").await;
    }
}

#[async_std::test]
async fn another_channel_none_and_other_names_of_the_command() {
    let server =
        RedisServer::builder().args(["--rename-command", "PUBLISH", "SAY"]).start().unwrap();
    let text = |options: &str| format!("{},$PUBLISH=SAY,{options}", server.addr());
    let (own, mut events) = connect(text("configChannel=changes").parse().unwrap()).await;
    eventually(|| subscribers(&server, "changes") == "1").await;
    assert_eq!(own.publish_reconfigure(None).await.unwrap(), 1);
    assert_eq!(broadcast(&mut events).await.announced, None);
    assert_eq!(subscribers(&server, STOCK), "0");

    // Without a channel there is nobody to tell, whatever the number of endpoints.
    let several = format!("{},configChannel=", server.addr());
    let (none, _events) = connect(text(&several).parse().unwrap()).await;
    assert_eq!(none.publish_reconfigure(None).await.unwrap(), 0);
    assert_eq!(server.command(&["PUBSUB", "CHANNELS"]), "changes");

    let disabled = format!("{},$PUBLISH=", server.addr());
    let (muted, _events) = connect(disabled.parse().unwrap()).await;
    let error = muted.publish_reconfigure(None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Command);
    assert!(error.to_string().contains("PUBLISH"), "{error}");
}
