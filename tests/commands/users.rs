//! Users and their rights.

use redmux::{ConnectionMultiplexer, Database, Options, database::server::AclDryRun};
use redmux_test_support::RedisServer;

use crate::{both, both_on, texts};

/// Makes the user `bob`. The servers that tests share have no such user otherwise.
async fn make(db: &Database) {
    let rules = ["reset", "on", ">s3cret", "+get", "~a:*", "&news", "(+set ~b:*)"];
    db.acl_setuser("bob", rules).await.unwrap();
}

#[async_std::test]
async fn who_gives_no_name_is_the_default_user() {
    both(|_, db| async move {
        assert_eq!(db.acl_whoami().await.unwrap(), "default");
    })
    .await;
}

#[async_std::test]
async fn a_user_has_flags_passwords_keys_channels_commands_and_selectors() {
    both_on(&RedisServer::start(), |_, db| async move {
        make(&db).await;
        let bob = db.acl_getuser("bob").await.unwrap().unwrap();
        assert!(bob.flags.contains(&"on".to_owned()) && bob.passwords.len() == 1);
        assert_eq!((bob.keys.as_str(), bob.channels.as_str()), ("~a:*", "&news"));
        assert!(bob.commands.contains("+get") && bob.selectors[0].keys == "~b:*");
        assert_eq!(db.acl_getuser("none").await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn users_are_listed_and_removed() {
    both_on(&RedisServer::start(), |_, db| async move {
        make(&db).await;
        let mut users = db.acl_users().await.unwrap();
        users.sort();
        assert_eq!(users, texts(&["bob", "default"]));
        assert_eq!(db.acl_list().await.unwrap().len(), 2);
        assert_eq!(db.acl_deluser(["bob", "none"]).await.unwrap(), 1);
    })
    .await;
}

#[async_std::test]
async fn commands_have_categories() {
    both(|_, db| async move {
        assert!(db.acl_cat().await.unwrap().contains(&"geo".to_owned()));
        assert!(db.acl_cat_commands("geo").await.unwrap().contains(&"geoadd".to_owned()));
    })
    .await;
}

#[async_std::test]
async fn a_dry_run_says_what_a_user_may_do() {
    both_on(&RedisServer::start(), |_, db| async move {
        make(&db).await;
        assert_eq!(db.acl_dryrun("bob", ("GET", "a:1")).await.unwrap(), AclDryRun::Allowed);
        let denied = db.acl_dryrun("bob", ("DEL", "a:1")).await.unwrap();
        assert!(matches!(denied, AclDryRun::Denied(why) if why.contains("del")));
    })
    .await;
}

#[async_std::test]
async fn a_password_is_made_with_as_many_bits_as_asked_for() {
    both(|_, db| async move {
        assert_eq!(db.acl_genpass(64).await.unwrap().len(), 16);
    })
    .await;
}

#[async_std::test]
async fn a_wrong_password_is_logged() {
    let server = RedisServer::start();
    let addr = &server.addr().to_string();
    both_on(&server, |_, db| async move {
        make(&db).await;
        db.acl_log_reset().await.unwrap();
        let wrong = Options::new(addr).username("bob").password("wrong").connect_retry(1);
        assert!(ConnectionMultiplexer::connect(wrong).await.is_err());
        let log = db.acl_log(10).await.unwrap();
        assert_eq!((log[0].reason.as_str(), log[0].username.as_str()), ("auth", "bob"));
        assert!(log[0].count >= 1 && log[0].age_seconds < 60.0 && log[0].client.id > 0);
    })
    .await;
}

#[async_std::test]
async fn an_error_in_a_rule_does_not_show_the_password() {
    both_on(&RedisServer::start(), |_, db| async move {
        let bad = db.acl_setuser("bob", ["s3cret"]).await.unwrap_err();
        assert!(bad.is_server() && !format!("{bad} {bad:?}").contains("s3cret"));
    })
    .await;
}

#[async_std::test]
async fn users_are_saved_only_where_there_is_a_file() {
    both(|_, db| async move {
        assert!(db.acl_save().await.unwrap_err().is_server());
        assert!(db.acl_load().await.unwrap_err().is_server());
    })
    .await;
}
