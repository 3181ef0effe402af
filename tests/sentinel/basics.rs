//! Sentinels lead to the primary, or the error says why not.

use redmux::{ConnectionMultiplexer, Options};
use redmux_test_support::{RedisSentinels, lease_port};

use crate::{connect, options, shared};

#[async_std::test]
async fn every_sentinel_leads_to_the_primary() {
    let all = shared();
    for sentinel in 0..3 {
        let muxer = connect(all, sentinel).await;
        let key = format!("by:{sentinel}");
        muxer.database().set(&*key, sentinel).await.unwrap();
        assert_eq!(all.servers()[0].command(&["GET", &key]).trim(), sentinel.to_string());
        let status = muxer.status();
        let port = all.servers()[0].port();
        assert!(
            status
                .connections
                .iter()
                .all(|link| link.endpoint.to_string().ends_with(&format!(":{port}")))
        );
        muxer.close().await;
    }
}

#[async_std::test]
async fn a_url_and_sentinels_that_are_gone_will_do() {
    let all = shared();
    let gone = lease_port(None).unwrap();
    let (gone, port) = (gone.port(), all.sentinels()[1].port());
    let name = RedisSentinels::NAME;
    for text in [
        format!("127.0.0.1:{gone},127.0.0.1:{port},serviceName={name},db=2"),
        format!("redis+sentinel://127.0.0.1:{gone},127.0.0.1:{port}/{name}/2"),
    ] {
        let muxer = ConnectionMultiplexer::connect(&*text).await.unwrap();
        muxer.database().set("where", "two").await.unwrap();
        assert!(all.servers()[0].command(&["INFO", "keyspace"]).contains("db2"));
        let found: Option<String> = muxer.database().get("where").await.unwrap();
        assert_eq!(found.as_deref(), Some("two"));
        muxer.close().await;
    }
}

#[async_std::test]
async fn commands_of_many_slots_are_those_of_one_server() {
    let all = shared();
    let muxer = connect(all, 2).await;
    let db = muxer.database();
    muxer.execute::<()>("MSET", ["foo", "1", "bar", "2", "baz", "3"]).await.unwrap();
    let values: Vec<i64> = muxer.execute("MGET", ["foo", "bar", "baz"]).await.unwrap();
    assert_eq!(values, [1, 2, 3]);
    let (cursor, _): (String, Vec<String>) =
        muxer.execute("SCAN", ("0", "COUNT", "10000")).await.unwrap();
    assert_eq!(cursor, "0");
    assert_eq!(db.incr("foo").await.unwrap(), 2);
    muxer.close().await;
}

async fn refused(options: Options) -> String {
    let Err(error) = ConnectionMultiplexer::connect(options).await else {
        panic!("it is connected")
    };
    error.to_string()
}

#[async_std::test]
async fn a_service_that_no_sentinel_knows_is_named() {
    let all = shared();
    let text = refused(options(all, 0).service_name("theirs")).await;
    assert!(text.contains("no sentinel that answers knows theirs"), "{text}");
}

#[async_std::test]
async fn sentinels_that_do_not_answer_are_an_error() {
    let gone = lease_port(None).unwrap();
    let text = format!("127.0.0.1:{},serviceName=m,connectRetry=1", gone.port());
    let text = refused(text.parse().unwrap()).await;
    assert!(text.contains("no sentinel answers"), "{text}");
}

#[async_std::test]
async fn passwords_of_sentinels_and_of_servers_differ() {
    let all = RedisSentinels::builder()
        .args(["--requirepass", "s3rver", "--masterauth", "s3rver"])
        .sentinel_line("sentinel auth-pass mymaster s3rver")
        .sentinel_line("requirepass s3ntinel")
        .start()
        .unwrap();
    let right = || options(&all, 0).password("s3rver").sentinel_password("s3ntinel");
    let muxer = ConnectionMultiplexer::connect(right()).await.unwrap();
    muxer.database().set("k", "v").await.unwrap();
    muxer.close().await;
    let all_wrong = [
        (options(&all, 0).password("s3rver"), "sentinel refuses"),
        (right().sentinel_password("wr0ng"), "sentinel refuses"),
        (right().password("wr0ng"), "WRONGPASS"),
        (options(&all, 0).sentinel_password("s3ntinel"), "NOAUTH"),
    ];
    for (wrong, expected) in all_wrong {
        let text = refused(wrong).await;
        assert!(text.contains(expected), "{text}");
        for secret in ["s3rver", "s3ntinel", "wr0ng"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
