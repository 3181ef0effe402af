//! What is refused, and what errors say.

use redmux::Delivery;

use crate::both;

#[async_std::test]
async fn errors_name_the_command_and_never_its_arguments() {
    both(|muxer, db| async move {
        db.set("s3cret-key", "s3cret-value").await.unwrap();
        let wrong_type = db.lpush("s3cret-key", "s3cret-value").await.unwrap_err();
        assert_eq!(wrong_type.server().unwrap().code(), "WRONGTYPE");
        assert_eq!(wrong_type.command_name(), Some("LPUSH"));
        let unknown = muxer.execute::<()>("NOSUCH", ["s3cret-arg"]).await.unwrap_err();
        let decode = db.get::<i64>("s3cret-key").await.unwrap_err();
        let refused = muxer.execute::<()>("BLPOP", ("s3cret-key", 0)).await.unwrap_err();
        let two_words = db.config_set("no-such-setting", "s3cret").await.unwrap_err();
        assert_eq!(two_words.command_name(), Some("CONFIG SET"));
        for error in [wrong_type, unknown, decode, refused, two_words] {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    })
    .await;
}

#[async_std::test]
async fn empty_lists_and_odd_pairs_are_not_sent() {
    both(|_, db| async move {
        const NONE: [&str; 0] = [];
        let refused = [
            (db.del(NONE).await.unwrap_err(), "DEL", "keys"),
            (db.mset(()).await.unwrap_err(), "MSET", "keys and values"),
            (db.mset(["s3cret"]).await.unwrap_err(), "MSET", "no multiple of 2"),
            (db.mget::<i64>(NONE).await.unwrap_err(), "MGET", "empty"),
            (db.hset("s3cret", ["a", "b", "c"]).await.unwrap_err(), "HSET", "3 parts"),
            (db.sadd("s3cret", NONE).await.unwrap_err(), "SADD", "members"),
            (db.rpush("s3cret", NONE).await.unwrap_err(), "RPUSH", "values"),
            (db.sintercard(NONE, 0).await.unwrap_err(), "SINTERCARD", "keys"),
            (db.script_exists(()).await.unwrap_err(), "SCRIPT EXISTS", "digests"),
        ];
        for (error, command, reason) in refused {
            assert_eq!(error.command_name(), Some(command));
            assert_eq!(error.delivery(), Delivery::NotSent);
            let text = error.to_string();
            assert!(error.is_rejected() && text.contains(reason), "{text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    })
    .await;
}
