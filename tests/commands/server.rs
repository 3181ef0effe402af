//! The server itself.

use std::collections::HashMap;

use crate::both;

#[async_std::test]
async fn the_server() {
    both(|muxer, db| async move {
        db.ping().await.unwrap();
        assert_eq!(db.echo::<String>("hello").await.unwrap(), "hello");
        assert!(db.time().await.unwrap().0 > 1_700_000_000);
        assert!(db.lastsave().await.unwrap() > 1_700_000_000);
        db.set("k", 1).await.unwrap();
        assert_eq!(db.dbsize().await.unwrap(), 1);
        assert!(db.info(()).await.unwrap().contains("redis_version"));
        assert!(!db.info("keyspace").await.unwrap().contains("redis_version"));
        db.config_set("maxmemory", 100_000_000).await.unwrap();
        let config: HashMap<String, String> = db.config_get("maxmemory").await.unwrap();
        assert_eq!(config["maxmemory"], "100000000");
        db.flushdb().await.unwrap();
        assert_eq!(db.dbsize().await.unwrap(), 0);

        // Through `execute`, any command with any types.
        let pairs: (String, i64) = muxer.execute("EVAL", ("return {'a', 7}", 0)).await.unwrap();
        assert_eq!(pairs, ("a".to_owned(), 7));
        let error = db.incr("k").reply_as::<Vec<String>>().await.unwrap_err();
        assert_eq!(error.command_name(), Some("INCR"));
    })
    .await;
}
