//! Scripts by their digest, with positional and named parameters.

use std::time::Duration;

use redmux::{
    Database, Result,
    database::scripting::Script,
    resp::{ServerError, Value},
};

use crate::{both, on_valkey_9, texts};

async fn calls(db: &Database, command: &str) -> u64 {
    let info = db.info(["commandstats"]).await.unwrap();
    let line = info.get(&format!("cmdstat_{command}")).unwrap_or("calls=0,");
    line.strip_prefix("calls=").unwrap().split(',').next().unwrap().parse().unwrap()
}

#[async_std::test]
async fn the_text_is_sent_once() {
    both(|_, db| async move {
        let script = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
        db.script_flush().await.unwrap();
        db.config_resetstat().await.unwrap();
        for n in 1..=3 {
            let sum: i64 = db.script(&script).key("n").arg(2).run().await.unwrap();
            assert_eq!(sum, 2 * n);
        }
        assert_eq!((calls(&db, "evalsha").await, calls(&db, "eval").await), (3, 1));
        assert_eq!(db.script_exists(script.digest()).await.unwrap(), [true]);
    })
    .await;
}

#[async_std::test]
async fn the_digest_is_that_of_the_server() {
    both(|_, db| async move {
        let script = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
        assert_eq!(db.script_load(script.text()).await.unwrap(), script.digest());
    })
    .await;
}

#[async_std::test]
async fn a_text_that_the_server_forgot_is_sent_again() {
    both(|_, db| async move {
        let script = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
        let _: i64 = db.script(&script).key("n").arg(6).run().await.unwrap();
        db.config_resetstat().await.unwrap();
        // As by a restart or a failover.
        db.script_flush().await.unwrap();
        let sum: i64 = db.script(&script).key("n").arg(2).run().await.unwrap();
        assert_eq!((sum, calls(&db, "eval").await), (8, 1));
    })
    .await;
}

#[async_std::test]
async fn a_script_gets_its_keys_and_arguments_in_order() {
    both(|_, db| async move {
        let echo = Script::new("return {KEYS, ARGV}");
        let run = db.script(&echo).keys(["a", "b"]).arg(1).args((2.5, b"\xff"));
        let run = run.timeout(Duration::from_secs(60));
        let (keys, args): (Vec<String>, Vec<Vec<u8>>) = run.run().await.unwrap();
        assert_eq!(keys, texts(&["a", "b"]));
        assert_eq!(args, [b"1".to_vec(), b"2.5".to_vec(), b"\xff".to_vec()]);
        let nothing: (Vec<String>, Vec<String>) = db.script(&echo).run().await.unwrap();
        assert_eq!(nothing, (vec![], vec![]));
    })
    .await;
}

#[async_std::test]
async fn an_error_of_a_script_is_the_callers() {
    both(|_, db| async move {
        let failing = Script::new("return redis.error_reply('MINE no')");
        let error = db.script(&failing).run::<i64>().await.unwrap_err();
        assert_eq!(error.server().unwrap().code(), "MINE");
        let wrong = Script::new("return (");
        assert!(db.script(&wrong).run::<()>().await.unwrap_err().is_server());
    })
    .await;
}

#[async_std::test]
async fn an_unknown_digest_is_never_the_reply() {
    both(|_, db| async move {
        // Types that have a place for errors do not take the one about the digest.
        let one = Script::new("return 1");
        db.script_flush().await.unwrap();
        let inside: std::result::Result<i64, ServerError> = db.script(&one).run().await.unwrap();
        assert_eq!(inside, Ok(1));
        db.script_flush().await.unwrap();
        assert_eq!(db.script(&one).run::<Value>().await.unwrap(), Value::Integer(1));
    })
    .await;
}

/// A script that only reads goes out by the commands that only read.
async fn read_only(db: Database) {
    db.set("k", "v").await.unwrap();
    db.script_flush().await.unwrap();
    db.config_resetstat().await.unwrap();
    let get = Script::named("return redis.call('GET', @key)", ["key"]).unwrap().read_only();
    for _ in 0..2 {
        let value: String = db.script(&get).with("key", "k").run().await.unwrap();
        assert_eq!(value, "v");
    }
    assert_eq!((calls(&db, "evalsha_ro").await, calls(&db, "eval_ro").await), (2, 1));
    let set = Script::new("return redis.call('SET', KEYS[1], 'x')").read_only();
    assert!(db.script(&set).key("k").run::<()>().await.unwrap_err().is_server());
    assert_eq!(db.get::<String>("k").await.unwrap().as_deref(), Some("v"));
}

#[async_std::test]
async fn read_only_scripts_write_nothing() {
    both(|_, db| read_only(db)).await;
    on_valkey_9(|_, db| read_only(db)).await;
}

/// A script with a parameter that is a key, and two others.
fn named() -> Script {
    let text = "-- sets @key\n\
        redis.call('SET', @key, @value .. '@value')\n\
        return {redis.call('GET', @key), @value, [[@key]], @other}";
    Script::named(text, ["key"]).unwrap()
}

#[async_std::test]
async fn parameters_have_names() {
    both(|_, db| async move {
        let script = named();
        let run = || db.script(&script);
        let all = run().with("other", 7).with("key", "k").with("value", "v").run();
        let reply: Vec<String> = all.await.unwrap();
        assert_eq!(reply, texts(&["v@value", "v", "@key", "7"]));
        assert_eq!(
            db.command_getkeys::<String>(["EVALSHA", script.digest(), "1", "k"]).await.unwrap(),
            ["k"]
        );
    })
    .await;
}

#[async_std::test]
async fn a_parameter_that_is_missing_twice_or_unknown_is_refused() {
    both(|_, db| async move {
        let script = named();
        let run = || db.script(&script);
        db.config_resetstat().await.unwrap();
        let two = || run().with("key", "k").with("value", "v");
        let refused: [(Result<()>, &str); 5] = [
            (run().with("value", "v").run().await, "the parameter `key` is not given"),
            (two().run().await, "the parameter `other` is not given"),
            (two().with("key", "l").run().await, "the parameter `key` is given twice"),
            (two().with("othr", 1).run().await, "the script has no parameter `othr`"),
            (two().arg(1).run().await, "the script has named parameters: give them with `with`"),
        ];
        for (result, expected) in refused {
            let error = result.unwrap_err();
            assert!(error.is_rejected() && error.to_string().contains(expected), "{error}");
            assert_eq!(error.command_name(), Some("EVALSHA"));
        }
        let positional = Script::new("return 1");
        let error = db.script(&positional).with("key", 1).run::<()>().await.unwrap_err();
        assert!(error.to_string().contains("no named parameters"), "{error}");
        assert_eq!(calls(&db, "evalsha").await, 0);
    })
    .await;
}
