//! Lists.

use redmux::database::lists::{ListEnd, LposOptions};

use crate::{both, texts};

#[async_std::test]
async fn values_are_put_at_both_ends() {
    both(|_, db| async move {
        assert_eq!(db.rpush("l", ["b", "c"]).await.unwrap(), 2);
        assert_eq!(db.lpush("l", "a").await.unwrap(), 3);
        assert_eq!(db.rpushx("l", "d").await.unwrap(), 4);
        assert_eq!(db.lrange::<String>("l", 0, -1).await.unwrap(), texts(&["a", "b", "c", "d"]));
    })
    .await;
}

#[async_std::test]
async fn lpushx_makes_no_list() {
    both(|_, db| async move {
        assert_eq!(db.lpushx("l", "x").await.unwrap(), 0);
        assert_eq!(db.llen("l").await.unwrap(), 0);
    })
    .await;
}

#[async_std::test]
async fn values_are_read_and_replaced_by_index() {
    both(|_, db| async move {
        db.rpush("l", ["a", "b", "c", "d"]).await.unwrap();
        assert_eq!(db.lindex::<String>("l", -1).await.unwrap().as_deref(), Some("d"));
        assert_eq!(db.lindex::<String>("l", 9).await.unwrap(), None);
        db.lset("l", 1, "B").await.unwrap();
        assert_eq!(db.lindex::<String>("l", 1).await.unwrap().as_deref(), Some("B"));
        assert!(db.lset("l", 9, "x").await.unwrap_err().is_server());
    })
    .await;
}

#[async_std::test]
async fn values_are_inserted_beside_others_and_removed() {
    both(|_, db| async move {
        db.rpush("l", ["a", "B", "c", "d"]).await.unwrap();
        assert_eq!(db.linsert_before("l", "B", "x").await.unwrap(), 5);
        assert_eq!(db.linsert_after("l", "none", "x").await.unwrap(), -1);
        assert_eq!(db.linsert_after("l", "B", "x").await.unwrap(), 6);
        assert_eq!(db.lrem("l", 0, "x").await.unwrap(), 2);
        assert_eq!(db.lrange::<String>("l", 0, -1).await.unwrap(), texts(&["a", "B", "c", "d"]));
    })
    .await;
}

#[async_std::test]
async fn a_value_moves_to_another_list() {
    both(|_, db| async move {
        db.rpush("l", ["a", "b"]).await.unwrap();
        let moved: Option<String> =
            db.lmove("l", "m", ListEnd::Left, ListEnd::Right).await.unwrap();
        assert_eq!(moved.as_deref(), Some("a"));
        assert_eq!(db.llen("m").await.unwrap(), 1);
    })
    .await;
}

#[async_std::test]
async fn values_are_taken_from_both_ends() {
    both(|_, db| async move {
        db.rpush("l", ["B", "c", "d"]).await.unwrap();
        assert_eq!(db.lpop::<String>("l").await.unwrap().as_deref(), Some("B"));
        assert_eq!(db.rpop::<String>("l").await.unwrap().as_deref(), Some("d"));
        assert_eq!(db.lpop_count::<String>("l", 5).await.unwrap(), Some(texts(&["c"])));
        assert_eq!(db.rpop_count::<String>("l", 5).await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn a_list_without_values_is_gone() {
    both(|_, db| async move {
        db.rpush("m", "a").await.unwrap();
        db.ltrim("m", 1, 0).await.unwrap();
        assert_eq!(db.llen("m").await.unwrap(), 0);
    })
    .await;
}

#[async_std::test]
async fn places_of_values_are_found() {
    both(|_, db| async move {
        db.rpush("l", ["a", "b", "a", "c", "a"]).await.unwrap();
        assert_eq!(db.lpos("l", "b").await.unwrap(), Some(1));
        assert_eq!(db.lpos("l", "none").await.unwrap(), None);
        let last = LposOptions::new().rank(-1);
        assert_eq!(db.lpos_with("l", "a", last.clone()).await.unwrap(), Some(4));
        assert_eq!(db.lpos_with("l", "b", last.maxlen(2)).await.unwrap(), None);
        assert_eq!(db.lpos_count("l", "a", 0, LposOptions::new()).await.unwrap(), [0, 2, 4]);
        let second = LposOptions::new().rank(2);
        assert_eq!(db.lpos_count("l", "a", 1, second).await.unwrap(), [2]);
    })
    .await;
}

#[async_std::test]
async fn lmpop_takes_from_the_first_list_that_has_values() {
    both(|_, db| async move {
        db.rpush("l", ["a", "b", "a", "c", "a"]).await.unwrap();
        let got: Option<(String, Vec<String>)> =
            db.lmpop(["none", "l"], ListEnd::Right, 2).await.unwrap();
        assert_eq!(got, Some(("l".to_owned(), texts(&["a", "c"]))));
        assert_eq!(db.lmpop::<String, String>("none", ListEnd::Left, 2).await.unwrap(), None);
    })
    .await;
}
