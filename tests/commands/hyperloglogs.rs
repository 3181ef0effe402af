//! Counting with HyperLogLogs.

use crate::both;

#[async_std::test]
async fn pfadd_returns_whether_the_count_changed() {
    both(|_, db| async move {
        assert!(db.pfadd("a", ["1", "2", "3"]).await.unwrap());
        assert!(!db.pfadd("a", "1").await.unwrap());
        assert_eq!(db.pfcount("a").await.unwrap(), 3);
    })
    .await;
}

#[async_std::test]
async fn pfadd_without_elements_makes_the_key() {
    both(|_, db| async move {
        assert!(db.pfadd("b", ()).await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn the_count_of_several_is_that_of_their_union() {
    both(|_, db| async move {
        db.pfadd("a", ["1", "2", "3"]).await.unwrap();
        db.pfadd("b", ["3", "4"]).await.unwrap();
        assert_eq!(db.pfcount(["a", "b"]).await.unwrap(), 4);
        db.pfmerge("to", ["a", "b"]).await.unwrap();
        assert_eq!(db.pfcount("to").await.unwrap(), 4);
        assert!(db.pfcount(()).await.unwrap_err().is_rejected());
    })
    .await;
}
