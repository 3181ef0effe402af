//! Scripts, functions, publishing.

use redmux::database::scripting::RestorePolicy;

use crate::{both, texts};

#[async_std::test]
async fn scripts() {
    both(|_, db| async move {
        assert_eq!(db.publish("nobody", "x").await.unwrap(), 0);
        assert_eq!(db.spublish("nobody", "x").await.unwrap(), 0);
        let sum: i64 =
            db.eval("return ARGV[1] + ARGV[2] + #KEYS", ["a", "b"], (1, 2)).await.unwrap();
        assert_eq!(sum, 5);
        let digest = db.script_load("return KEYS[1]").await.unwrap();
        assert_eq!(db.evalsha::<String>(&digest, "key", ()).await.unwrap(), "key");
        assert_eq!(db.script_exists([digest.as_str(), "none"]).await.unwrap(), [true, false]);
        let missing = db.evalsha::<String>("0".repeat(40), (), ()).await.unwrap_err();
        assert_eq!(missing.server().unwrap().code(), "NOSCRIPT");
        let read = "return redis.call('GET', KEYS[1])";
        db.set("k", 7).await.unwrap();
        assert_eq!(db.eval_ro::<i64>(read, "k", ()).await.unwrap(), 7);
        let digest = db.script_load(read).await.unwrap();
        assert_eq!(db.evalsha_ro::<i64>(digest, "k", ()).await.unwrap(), 7);
        let write = "return redis.call('SET', KEYS[1], 1)";
        assert!(db.eval_ro::<()>(write, "k", ()).await.unwrap_err().is_server());
        db.script_flush().await.unwrap();
        assert!(db.script_kill().await.unwrap_err().to_string().contains("NOTBUSY"));
        assert!(db.script_exists(()).await.unwrap_err().is_command());
    })
    .await;
}

#[async_std::test]
async fn functions() {
    const CODE: &str = "#!lua name=mine\n\
        redis.register_function('add', function(k, a) return a[1] + a[2] end)\n\
        redis.register_function{function_name='read', flags={'no-writes'}, description='reads',\n\
        callback=function(k, a) return redis.call('GET', k[1]) end}";
    both(|_, db| async move {
        db.function_flush().await.unwrap();
        assert_eq!(db.function_load(CODE).await.unwrap(), "mine");
        assert!(db.function_load(CODE).await.unwrap_err().is_server());
        assert_eq!(db.function_load_replacing(CODE).await.unwrap(), "mine");
        assert_eq!(db.fcall::<i64>("add", (), (1, 2)).await.unwrap(), 3);
        db.set("k", "v").await.unwrap();
        assert_eq!(db.fcall_ro::<String>("read", "k", ()).await.unwrap(), "v");
        let libraries = db.function_list("m*").await.unwrap();
        assert_eq!(libraries.len(), 1);
        let mine = &libraries[0];
        assert_eq!((mine.name.as_str(), mine.engine.as_str()), ("mine", "LUA"));
        assert_eq!(mine.code.as_deref(), Some(CODE));
        let read = mine.functions.iter().find(|function| function.name == "read").unwrap();
        assert_eq!(read.description.as_deref(), Some("reads"));
        assert_eq!(read.flags, texts(&["no-writes"]));
        assert_eq!(db.function_stats().await.unwrap().running, None);
        let dump = db.function_dump().await.unwrap();
        assert!(db.function_restore(&dump, RestorePolicy::Append).await.unwrap_err().is_server());
        db.function_restore(&dump, RestorePolicy::Replace).await.unwrap();
        db.function_delete("mine").await.unwrap();
        assert!(db.function_list("*").await.unwrap().is_empty());
        db.function_restore(&dump, RestorePolicy::Flush).await.unwrap();
        assert_eq!(db.function_list("*").await.unwrap().len(), 1);
        assert!(db.function_kill().await.unwrap_err().to_string().contains("NOTBUSY"));
    })
    .await;
}

#[async_std::test]
async fn subscriptions_seen_by_the_server() {
    both(|muxer, db| async move {
        let subscriber = muxer.subscriber();
        let _news = subscriber.subscribe("news").await.unwrap();
        let _all = subscriber.psubscribe("n*").await.unwrap();
        assert_eq!(db.pubsub_channels::<String>("*").await.unwrap(), texts(&["news"]));
        let counts: Vec<(String, u64)> = db.pubsub_numsub(["news", "none"]).await.unwrap();
        assert_eq!(counts, [("news".to_owned(), 1), ("none".to_owned(), 0)]);
        assert_eq!(db.pubsub_numpat().await.unwrap(), 1);
        assert_eq!(db.pubsub_shardchannels::<String>("*").await.unwrap(), texts(&[]));
        let shards: Vec<(String, u64)> = db.pubsub_shardnumsub("news").await.unwrap();
        assert_eq!(shards, [("news".to_owned(), 0)]);
        assert_eq!(db.publish("news", "x").await.unwrap(), 2);
    })
    .await;
}
