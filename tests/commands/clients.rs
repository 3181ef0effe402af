//! Connections and commands as the server sees them.

use std::{collections::HashMap, time::Duration};

use redmux::{
    ConnectionMultiplexer, Database, Options, database::clients::ClientFilter, resp::Value,
};
use redmux_test_support::RedisServer;

use crate::{both, both_on, texts};

/// Runs `check` with two connections to a server that nobody else uses: `me`, and `other` with its
/// number.
async fn two<F: Future<Output = ()>>(check: impl Fn(Database, u64) -> F) {
    let server = RedisServer::start();
    let options = |name: &str| Options::new(server.addr().to_string()).client_name(name);
    let other = ConnectionMultiplexer::connect(options("other")).await.unwrap();
    let muxer = ConnectionMultiplexer::connect(options("me")).await.unwrap();
    let id = other.database().client_id().await.unwrap();
    check(muxer.database(), id).await;
}

#[async_std::test]
async fn a_connection_knows_itself() {
    two(|db, _| async move {
        let id = db.client_id().await.unwrap();
        assert_eq!(db.client_getname().await.unwrap().as_deref(), Some("me"));
        let info = db.client_info().await.unwrap();
        assert_eq!((info.id, info.name.as_str(), info.db), (id, "me", 0));
        assert_eq!((info.cmd.as_str(), info.user.as_str()), ("client|info", "default"));
        assert_eq!((info.get("resp"), info.get("no-such")), (Some("3"), None));
    })
    .await;
}

#[async_std::test]
async fn connections_are_listed_by_number_and_kind() {
    two(|db, other| async move {
        let all = db.client_list().await.unwrap();
        assert_eq!(all.iter().find(|client| client.name == "other").unwrap().id, other);
        let ids: Vec<u64> =
            db.client_list_ids([other, 9999]).await.unwrap().iter().map(|one| one.id).collect();
        assert_eq!(ids, [other]);
        let normal = db.client_list_kind("normal").await.unwrap();
        assert!(normal.iter().any(|client| client.id == other));
        assert!(db.client_list_kind("replica").await.unwrap().is_empty());
    })
    .await;
}

#[async_std::test]
async fn a_connection_that_does_not_block_is_not_unblocked() {
    two(|db, other| async move {
        assert!(!db.client_unblock(other).await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn a_connection_may_be_kept_from_eviction() {
    both(|_, db| async move {
        db.client_no_evict(true).await.unwrap();
    })
    .await;
}

#[async_std::test]
async fn clients_are_paused_for_a_time_or_until_told_otherwise() {
    both_on(&RedisServer::start(), |_, db| async move {
        db.client_pause_writes(Duration::from_secs(60)).await.unwrap();
        db.client_unpause().await.unwrap();
        db.client_pause(Duration::from_millis(1)).await.unwrap();
    })
    .await;
}

#[async_std::test]
async fn a_filter_chooses_the_connections_that_are_closed() {
    two(|db, other| async move {
        assert!(db.client_kill(ClientFilter::new()).await.unwrap_err().is_rejected());
        let filter = ClientFilter::new().id(other).kind("normal").user("default");
        assert_eq!(db.client_kill(filter).await.unwrap(), 1);
        assert_eq!(db.client_kill(ClientFilter::new().addr("127.0.0.1:1")).await.unwrap(), 0);
    })
    .await;
}

#[async_std::test]
async fn commands_are_counted_and_listed() {
    both(|_, db| async move {
        let count = db.command_count().await.unwrap();
        assert!(count > 200);
        assert!(db.command_list().await.unwrap().len() as u64 > count);
        let mut some = db.command_list_matching("lpus*").await.unwrap();
        some.sort();
        assert_eq!(some, texts(&["lpush", "lpushx"]));
    })
    .await;
}

#[async_std::test]
async fn the_server_tells_of_a_command() {
    both(|_, db| async move {
        let info = db.command_info(["config|get", "nosuch"]).await.unwrap();
        assert!(info[1].is_none());
        let get = info[0].as_ref().unwrap();
        assert_eq!((get.name.as_str(), get.arity, get.first_key), ("config|get", -3, 0));
        assert!(get.flags.contains(&"admin".to_owned()));
        assert!(get.categories.contains(&"@dangerous".to_owned()));
        let docs: HashMap<String, HashMap<String, Value>> = db.command_docs("get").await.unwrap();
        assert!(docs["get"].contains_key("summary"));
    })
    .await;
}

#[async_std::test]
async fn the_server_finds_the_keys_of_a_command() {
    both(|_, db| async move {
        let keys: Vec<String> = db.command_getkeys(("MSET", "a", 1, "b", 2)).await.unwrap();
        assert_eq!(keys, texts(&["a", "b"]));
        let flags: Vec<(String, Vec<String>)> =
            db.command_getkeysandflags(("LPOP", "l")).await.unwrap();
        assert_eq!(flags[0].0, "l");
        assert!(flags[0].1.contains(&"delete".to_owned()));
    })
    .await;
}
