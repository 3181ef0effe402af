//! Sets of vectors, on Redis 8.

use redmux::{
    Database,
    database::vectors::{VaddOptions, VectorQuery, VsimOptions},
};

use crate::{on_redis_8, texts};

fn exact() -> VaddOptions {
    VaddOptions::new().exact()
}

/// Makes a set of three: `a` is of 1950, `b` is near it and of 2000, `c` is elsewhere.
async fn make(db: &Database) {
    let old = exact().attributes(r#"{"year":1950}"#);
    assert!(db.vadd_with("v", &[1.0, 0.0, 0.0], "a", old).await.unwrap());
    assert!(db.vadd_with("v", &[0.9, 0.1, 0.0], "b", exact().cas().effort(50)).await.unwrap());
    assert!(db.vadd_with("v", &[0.0, 0.1, 0.9], "c", exact()).await.unwrap());
    assert!(db.vsetattr("v", "b", r#"{"year":2000}"#).await.unwrap());
}

fn near() -> VectorQuery {
    VectorQuery::vector(&[1.0, 0.0, 0.0])
}

#[async_std::test]
async fn a_vector_is_added_once_and_replaced_then() {
    on_redis_8(|_, db| async move {
        assert!(db.vadd_with("v", &[0.0, 0.0, 1.0], "c", exact()).await.unwrap());
        assert!(!db.vadd_with("v", &[0.0, 0.1, 0.9], "c", exact()).await.unwrap());
        assert!(db.vadd("plain", &[1.0, 2.0], "a").await.unwrap());
        assert!(db.vadd_with("bits", &[1.0; 8], "a", VaddOptions::new().binary()).await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn a_set_has_members_and_a_dimension() {
    on_redis_8(|_, db| async move {
        make(&db).await;
        assert_eq!((db.vcard("v").await.unwrap(), db.vdim("v").await.unwrap()), (3, 3));
        let links = VaddOptions::new().quantised().links(8);
        assert!(db.vadd_reduced("short", 2, &[1.0; 8], "a", links).await.unwrap());
        assert_eq!(db.vdim("short").await.unwrap(), 2);
        assert!(db.vdim("none").await.unwrap_err().is_server());
        assert!(db.vismember("v", "a").await.unwrap() && !db.vismember("v", "z").await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn a_vector_is_read_as_numbers() {
    on_redis_8(|_, db| async move {
        make(&db).await;
        assert_eq!(db.vemb("v", "a").await.unwrap(), Some(vec![1.0, 0.0, 0.0]));
        assert_eq!(db.vemb("v", "none").await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn a_vector_is_read_as_the_server_keeps_it() {
    on_redis_8(|_, db| async move {
        make(&db).await;
        let raw = db.vemb_raw("v", "a").await.unwrap().unwrap();
        assert_eq!((raw.quantisation.as_str(), raw.norm, raw.range), ("f32", 1.0, None));
        let unit = [1.0_f32, 0.0, 0.0].map(f32::to_le_bytes).concat();
        assert_eq!(raw.data, unit);
        assert_eq!(db.vemb_raw("v", "none").await.unwrap(), None);
        let quantised = VaddOptions::new().quantised();
        db.vadd_with("q", &[0.0, 2.0], "a", quantised).await.unwrap();
        let raw = db.vemb_raw("q", "a").await.unwrap().unwrap();
        assert_eq!(
            (raw.quantisation.as_str(), &raw.data[..], raw.norm),
            ("int8", &[0, 127][..], 2.0)
        );
        assert_eq!(raw.range, Some(1.0));
    })
    .await;
}

#[async_std::test]
async fn a_member_has_attributes() {
    on_redis_8(|_, db| async move {
        make(&db).await;
        assert!(!db.vsetattr("v", "none", "{}").await.unwrap());
        let attributes: Option<String> = db.vgetattr("v", "b").await.unwrap();
        assert_eq!(attributes.as_deref(), Some(r#"{"year":2000}"#));
        assert_eq!(db.vgetattr::<String>("v", "c").await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn what_is_similar_is_found_in_its_order() {
    on_redis_8(|_, db| async move {
        make(&db).await;
        let options = VsimOptions::new().count(2).effort(99);
        let found = db.vsim::<String>("v", near(), options).await.unwrap();
        assert_eq!(found, texts(&["a", "b"]));
    })
    .await;
}

#[async_std::test]
async fn similarity_to_a_member_has_scores() {
    on_redis_8(|_, db| async move {
        make(&db).await;
        let (like_c, options) = (VectorQuery::member("c"), VsimOptions::new());
        let scored: Vec<(String, f64)> =
            db.vsim_with_scores("v", like_c, options.exact().on_main_thread()).await.unwrap();
        assert_eq!((scored.len(), scored[0].0.as_str()), (3, "c"));
        assert!((scored[0].1 - 1.0).abs() < 1e-5 && scored[2].1 < scored[1].1);
    })
    .await;
}

#[async_std::test]
async fn a_search_filters_by_attributes_and_shows_them() {
    on_redis_8(|_, db| async move {
        make(&db).await;
        let options = VsimOptions::new;
        let late = options().filter(".year > 1990").filter_effort(100);
        assert_eq!(db.vsim::<String>("v", near(), late).await.unwrap(), texts(&["b"]));
        let close = options().epsilon(0.1);
        let matches = db.vsim_with_attributes::<String>("v", near(), close).await.unwrap();
        assert_eq!((matches.len(), matches[0].member.as_str()), (2, "a"));
        assert_eq!(matches[0].attributes.as_deref(), Some(r#"{"year":1950}"#));
        let all = db.vsim_with_attributes::<String>("v", near(), options()).await.unwrap();
        assert!(all[2].attributes.is_none() && all[2].score < all[1].score);
    })
    .await;
}

#[async_std::test]
async fn an_empty_vector_is_refused() {
    on_redis_8(|_, db| async move {
        let empty = VectorQuery::vector(&[]);
        for error in [
            db.vadd("v", &[], "a").await.unwrap_err(),
            db.vsim::<String>("v", empty, VsimOptions::new()).await.unwrap_err(),
        ] {
            assert!(error.is_rejected() && error.to_string().contains("vector"), "{error}");
        }
    })
    .await;
}

#[async_std::test]
async fn the_server_tells_of_a_set() {
    on_redis_8(|_, db| async move {
        make(&db).await;
        let info = db.vinfo("v").await.unwrap().unwrap();
        assert_eq!((info.quantisation.as_str(), info.dimension, info.members), ("f32", 3, 3));
        assert_eq!((info.links, info.attributes), (Some(16), Some(2)));
        assert_eq!(db.vinfo("none").await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn members_are_linked_to_their_neighbours() {
    on_redis_8(|_, db| async move {
        make(&db).await;
        let links = db.vlinks::<String>("v", "a").await.unwrap().unwrap();
        assert_eq!(links.last().unwrap().len(), 2);
        let links = db.vlinks_with_scores::<String>("v", "a").await.unwrap().unwrap();
        assert!(links.last().unwrap().iter().any(|(member, score)| member == "b" && *score > 0.9));
        assert_eq!(db.vlinks::<String>("v", "none").await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn random_members_repeat_where_the_count_is_negative() {
    on_redis_8(|_, db| async move {
        make(&db).await;
        assert!(db.vrandmember::<String>("v").await.unwrap().is_some());
        assert_eq!(db.vrandmember::<String>("none").await.unwrap(), None);
        assert_eq!(db.vrandmember_count::<String>("v", -7).await.unwrap().len(), 7);
    })
    .await;
}

#[async_std::test]
async fn a_member_is_removed_once() {
    on_redis_8(|_, db| async move {
        make(&db).await;
        assert!(db.vrem("v", "a").await.unwrap() && !db.vrem("v", "a").await.unwrap());
    })
    .await;
}
