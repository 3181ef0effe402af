//! Scripts, and functions.

use redmux::{Database, database::scripting::RestorePolicy};

use crate::{both, texts};

const READ: &str = "return redis.call('GET', KEYS[1])";

#[async_std::test]
async fn a_script_gets_keys_and_arguments() {
    both(|_, db| async move {
        let sum: i64 =
            db.eval("return ARGV[1] + ARGV[2] + #KEYS", ["a", "b"], (1, 2)).await.unwrap();
        assert_eq!(sum, 5);
    })
    .await;
}

#[async_std::test]
async fn a_script_that_is_loaded_runs_by_its_digest() {
    both(|_, db| async move {
        let digest = db.script_load("return KEYS[1]").await.unwrap();
        assert_eq!(db.evalsha::<String>(&digest, "key", ()).await.unwrap(), "key");
        assert_eq!(db.script_exists([digest.as_str(), "none"]).await.unwrap(), [true, false]);
        let missing = db.evalsha::<String>("0".repeat(40), (), ()).await.unwrap_err();
        assert_eq!(missing.server().unwrap().code(), "NOSCRIPT");
        assert!(db.script_exists(()).await.unwrap_err().is_rejected());
    })
    .await;
}

#[async_std::test]
async fn scripts_are_forgotten_by_a_flush() {
    both(|_, db| async move {
        let digest = db.script_load("return 1").await.unwrap();
        db.script_flush().await.unwrap();
        assert_eq!(db.script_exists(&digest).await.unwrap(), [false]);
    })
    .await;
}

#[async_std::test]
async fn a_read_only_script_reads_and_does_not_write() {
    both(|_, db| async move {
        db.set("k", 7).await.unwrap();
        assert_eq!(db.eval_ro::<i64>(READ, "k", ()).await.unwrap(), 7);
        let digest = db.script_load(READ).await.unwrap();
        assert_eq!(db.evalsha_ro::<i64>(digest, "k", ()).await.unwrap(), 7);
        let write = "return redis.call('SET', KEYS[1], 1)";
        assert!(db.eval_ro::<()>(write, "k", ()).await.unwrap_err().is_server());
    })
    .await;
}

#[async_std::test]
async fn there_is_nothing_to_kill_where_nothing_runs() {
    both(|_, db| async move {
        assert!(db.script_kill().await.unwrap_err().to_string().contains("NOTBUSY"));
        assert!(db.function_kill().await.unwrap_err().to_string().contains("NOTBUSY"));
        assert_eq!(db.function_stats().await.unwrap().running, None);
    })
    .await;
}

const LIBRARY: &str = "#!lua name=mine\n\
    redis.register_function('add', function(k, a) return a[1] + a[2] end)\n\
    redis.register_function{function_name='read', flags={'no-writes'}, description='reads',\n\
    callback=function(k, a) return redis.call('GET', k[1]) end}";

/// Makes [`LIBRARY`] the only one.
async fn load(db: &Database) {
    db.function_flush().await.unwrap();
    assert_eq!(db.function_load(LIBRARY).await.unwrap(), "mine");
}

#[async_std::test]
async fn a_library_is_replaced_only_if_asked_to() {
    both(|_, db| async move {
        load(&db).await;
        assert!(db.function_load(LIBRARY).await.unwrap_err().is_server());
        assert_eq!(db.function_load_replacing(LIBRARY).await.unwrap(), "mine");
    })
    .await;
}

#[async_std::test]
async fn functions_are_called() {
    both(|_, db| async move {
        load(&db).await;
        assert_eq!(db.fcall::<i64>("add", (), (1, 2)).await.unwrap(), 3);
        db.set("k", "v").await.unwrap();
        assert_eq!(db.fcall_ro::<String>("read", "k", ()).await.unwrap(), "v");
    })
    .await;
}

#[async_std::test]
async fn libraries_are_listed_with_their_functions_and_code() {
    both(|_, db| async move {
        load(&db).await;
        let libraries = db.function_list("m*").await.unwrap();
        assert_eq!(libraries.len(), 1);
        let mine = &libraries[0];
        assert_eq!((mine.name.as_str(), mine.engine.as_str()), ("mine", "LUA"));
        assert_eq!(mine.code.as_deref(), Some(LIBRARY));
        let read = mine.functions.iter().find(|function| function.name == "read").unwrap();
        assert_eq!(read.description.as_deref(), Some("reads"));
        assert_eq!(read.flags, texts(&["no-writes"]));
    })
    .await;
}

#[async_std::test]
async fn libraries_are_dumped_removed_and_restored() {
    both(|_, db| async move {
        load(&db).await;
        let dump = db.function_dump().await.unwrap();
        assert!(db.function_restore(&dump, RestorePolicy::Append).await.unwrap_err().is_server());
        db.function_restore(&dump, RestorePolicy::Replace).await.unwrap();
        db.function_delete("mine").await.unwrap();
        assert!(db.function_list("*").await.unwrap().is_empty());
        db.function_restore(&dump, RestorePolicy::Flush).await.unwrap();
        assert_eq!(db.function_list("*").await.unwrap().len(), 1);
    })
    .await;
}
