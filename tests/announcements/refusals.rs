//! A server that does not let the client listen.

use redmux::pubsub::{Item, MissedCause};
use redmux_test_support::{Accept, Cut, FaultProxy};

use super::*;

/// A user who may do all but subscribe to what the client itself wants.
fn server_with_user() -> RedisServer {
    let server = RedisServer::start();
    let user = ["ACL", "SETUSER", "app", "on", ">pw", "~*", "+@all", "resetchannels", "&news*"];
    assert_eq!(server.command(&user), "OK");
    server
}

#[async_std::test]
async fn a_refusal_disturbs_nothing_and_is_told_once_where_it_was_asked_for() {
    let server = server_with_user();
    for (protocol, asked) in [
        (Protocol::Resp3, true),
        (Protocol::Resp2, true),
        (Protocol::Resp3, false),
        (Protocol::Resp2, false),
    ] {
        let proxy = FaultProxy::start(server.addr());
        let mut options = options(proxy.addr(), protocol).username("app").password("pw");
        options = match asked {
            true => options.azure_maintenance(true).config_channel("changes"),
            // Several endpoints, and Azure by name.
            false => options
                .endpoint(proxy.addr().to_string())
                .defaults(redmux::options::Defaults::Azure),
        };
        // Who listens from the start hears of the first refusal: nothing is connected before that.
        proxy.accept(Accept::Hold);
        let muxer = ConnectionMultiplexer::begin_with(options, redmux::tcp::environment()).unwrap();
        let mut events = muxer.events();
        proxy.accept(Accept::Forward);
        muxer.connected().await.unwrap();
        let mut news = muxer.subscriber().subscribe_many(["news1", "news2"]).await.unwrap();
        for round in 0..2 {
            if asked {
                let mut refused = Vec::new();
                while refused.len() < 2 {
                    match next(&mut events).await {
                        Event::SubscriptionRefused(e) => {
                            assert_eq!(e.error.server().unwrap().code(), "NOPERM");
                            assert!(e.retry_in >= Duration::from_secs(15 * 60), "{e:?}");
                            refused.extend(e.channels);
                        }
                        Event::ConnectionFailed(_) | Event::ConnectionRestored(_) => {}
                        other => panic!("{other}"),
                    }
                }
                refused.sort();
                assert_eq!(refused, [AZURE, "changes"]);
            }
            if round == 1 {
                is_restored(&news.next().await.unwrap());
            }
            for (channel, text) in [("news1", "one"), ("news2", "two")] {
                server.command(&["PUBLISH", channel, text]);
                loop {
                    match news.next().await.unwrap() {
                        Item::Message(message) => break assert_eq!(message.text(), text),
                        // The reader may be faster than the confirmation of the second channel.
                        gap => is_restored(&gap),
                    }
                }
            }
            if round == 0 {
                proxy.cut(Cut::Rst);
                assert!(matches!(next(&mut events).await, Event::ConnectionFailed(_)));
            }
        }
        muxer.ping().await.unwrap();
        // Two channels on two connections, each refused once: nothing of the program's with them. (With RESP2 the
        // client asks once more when the other connection is back.)
        if protocol == Protocol::Resp3 {
            assert_eq!(muxer.status().connections[0].counters.server_errors, 4);
        }
        // Nothing else was said, and no error of the program's.
        muxer.close().await;
        while let Some(event) = events.next().await {
            assert!(
                matches!(event, Event::ConnectionFailed(_) | Event::ConnectionRestored(_)),
                "{event}"
            );
        }
    }
}

/// The server has never refused what the program wants.
fn is_restored(item: &Item) {
    assert!(
        matches!(item, Item::Missed(missed) if missed.cause == MissedCause::ConnectionLost),
        "{item:?}"
    );
}

#[async_std::test]
async fn where_subscribing_is_disabled_nothing_is_asked() {
    let server =
        RedisServer::builder().args(["--rename-command", "SUBSCRIBE", ""]).start().unwrap();
    let text = format!("{},azureMaintenance=true,configChannel=c,$SUBSCRIBE=", server.addr());
    let (muxer, mut events) = connect(text.parse().unwrap()).await;
    muxer.ping().await.unwrap();
    assert_eq!(muxer.status().connections[0].counters.server_errors, 0);
    assert_eq!(muxer.publish_reconfigure(None).await.unwrap(), 0);
    muxer.close().await;
    assert!(events.next().await.is_none());
}
