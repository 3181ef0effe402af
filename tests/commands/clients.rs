//! Connections and commands as the server sees them.

use std::{collections::HashMap, time::Duration};

use redmux::{ConnectionMultiplexer, Options, database::clients::ClientFilter, resp::Value};
use redmux_test_support::RedisServer;

use crate::{both, texts};

#[async_std::test]
async fn connections() {
    let server = RedisServer::start();
    let options = |name: &str| Options::new(server.addr().to_string()).client_name(name);
    let other = ConnectionMultiplexer::connect(options("other")).await.unwrap();
    let muxer = ConnectionMultiplexer::connect(options("me")).await.unwrap();
    let db = muxer.database();
    let id = db.client_id().await.unwrap();
    assert_eq!(db.client_getname().await.unwrap().as_deref(), Some("me"));
    let info = db.client_info().await.unwrap();
    assert_eq!((info.id, info.name.as_str(), info.db), (id, "me", 0));
    assert_eq!((info.cmd.as_str(), info.user.as_str()), ("client|info", "default"));
    assert_eq!((info.get("resp"), info.get("no-such")), (Some("3"), None));
    let all = db.client_list().await.unwrap();
    let other_id = all.iter().find(|client| client.name == "other").unwrap().id;
    let ids: Vec<i64> =
        db.client_list_ids([other_id, 9999]).await.unwrap().iter().map(|one| one.id).collect();
    assert_eq!(ids, [other_id]);
    let normal = db.client_list_kind("normal").await.unwrap();
    assert!(normal.iter().any(|client| client.id == other_id));
    assert!(db.client_list_kind("replica").await.unwrap().is_empty());
    assert!(!db.client_unblock(other_id).await.unwrap());
    db.client_no_evict(true).await.unwrap();
    db.client_pause_writes(Duration::from_secs(60)).await.unwrap();
    db.client_unpause().await.unwrap();
    db.client_pause(Duration::from_millis(1)).await.unwrap();
    assert!(db.client_kill(ClientFilter::new()).await.unwrap_err().is_command());
    let filter = ClientFilter::new().id(other_id).kind("normal").user("default");
    assert_eq!(db.client_kill(filter).await.unwrap(), 1);
    assert_eq!(db.client_kill(ClientFilter::new().addr("127.0.0.1:1")).await.unwrap(), 0);
    drop(other);
}

#[async_std::test]
async fn commands() {
    both(|_, db| async move {
        let count = db.command_count().await.unwrap();
        assert!(count > 200);
        assert!(db.command_list().await.unwrap().len() as u64 > count);
        let mut some = db.command_list_matching("lpus*").await.unwrap();
        some.sort();
        assert_eq!(some, texts(&["lpush", "lpushx"]));
        let info = db.command_info(["config|get", "nosuch"]).await.unwrap();
        assert!(info[1].is_none());
        let get = info[0].as_ref().unwrap();
        assert_eq!((get.name.as_str(), get.arity, get.first_key), ("config|get", -3, 0));
        assert!(get.flags.contains(&"admin".to_owned()));
        assert!(get.categories.contains(&"@dangerous".to_owned()));
        let docs: HashMap<String, HashMap<String, Value>> = db.command_docs("get").await.unwrap();
        assert!(docs["get"].contains_key("summary"));
        let keys: Vec<String> = db.command_getkeys(("MSET", "a", 1, "b", 2)).await.unwrap();
        assert_eq!(keys, texts(&["a", "b"]));
        let flags: Vec<(String, Vec<String>)> =
            db.command_getkeysandflags(("LPOP", "l")).await.unwrap();
        assert_eq!(flags[0].0, "l");
        assert!(flags[0].1.contains(&"delete".to_owned()));
    })
    .await;
}
