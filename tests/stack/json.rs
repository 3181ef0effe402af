//! JSON documents on Redis Stack, in both protocols.

use std::collections::HashMap;

use redmux::{
    ConnectionMultiplexer, Options,
    options::Mode,
    pipeline,
    stack::json::{Json, JsonLayout, JsonPath, JsonSetOptions, JsonType, Number},
};
use redmux_test_support::{RedisCluster, both};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{programs, redis_stack};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Book {
    title: String,
    price: f64,
    sold: u64,
    tags: Vec<String>,
    series: Option<String>,
}

fn emma() -> Book {
    Book {
        title: "Emma \"1815\" – ü".into(),
        price: 7.5,
        sold: u64::MAX,
        tags: vec!["novel".into(), "classic".into()],
        series: None,
    }
}

#[async_std::test]
async fn a_struct_is_a_document() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        assert_eq!(db.json().get::<Book>("none").await.unwrap(), None);
        db.json().set("b", &emma()).await.unwrap();
        let Json(found) = db.json().get::<Book>("b").await.unwrap().unwrap();
        assert_eq!(found, emma());
        let sold = db.json().get_at::<u64>("b", "sold").await.unwrap();
        assert_eq!(sold, Some(Json(vec![u64::MAX])), "a number beyond 2^53 is exact");
        let none = db.json().get_at::<u64>("b", "$.nothing").await.unwrap();
        assert_eq!(none, Some(Json(vec![])));
        assert_eq!(db.json().get_at::<u64>("none", "$.sold").await.unwrap(), None);
        let series = db.json().get_at::<Option<String>>("b", "$.series").await.unwrap();
        assert_eq!(series, Some(Json(vec![None])), "a null is there");
        let both = db.json().get_paths::<HashMap<String, Value>>("b", ["$.price", "tags"]);
        let Json(both) = both.await.unwrap().unwrap();
        assert_eq!(both["$.price"], json!([7.5]));
        assert_eq!(both["$.tags"], json!([["novel", "classic"]]));
        let text = db.json().get_text("b", JsonLayout::pretty()).await.unwrap().unwrap();
        assert!(text.contains("\n  \"price\": 7.5"), "{text}");
    })
    .await;
}

#[async_std::test]
async fn a_document_is_set_under_conditions_and_only_where_there_is_a_place() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let json = db.json();
        assert!(json.set_with("k", ".", &1, JsonSetOptions::new().if_absent()).await.unwrap());
        assert!(!json.set_with("k", ".", &2, JsonSetOptions::new().if_absent()).await.unwrap());
        assert!(
            json.set_with("k", ".", &json!({"a": 1}), JsonSetOptions::new().if_present())
                .await
                .unwrap()
        );
        assert!(json.set_at("k", "b", &[1, 2]).await.unwrap(), "a new member");
        assert!(!json.set_at("k", "x.y.z", &1).await.unwrap(), "no place for it");
        json.merge("k", &json!({"a": null, "c": {"d": "e"}})).await.unwrap();
        json.merge_at("k", "$.c", &json!({"f": true})).await.unwrap();
        let Json(now) = json.get::<Value>("k").await.unwrap().unwrap();
        assert_eq!(now, json!({"b": [1, 2], "c": {"d": "e", "f": true}}));
        assert_eq!(json.del("k", "$.c.*").await.unwrap(), 2);
        assert_eq!(json.del("k", JsonPath::root()).await.unwrap(), 1);
        assert_eq!(json.del("k", JsonPath::root()).await.unwrap(), 0);
        json.mset([("m{1}", "$", json!([1])), ("n{1}", "$", json!({"a": 2}))]).await.unwrap();
        let all = json.mget::<Value>(["m{1}", "none{1}", "n{1}"]).await.unwrap();
        assert_eq!(all, [Some(Json(json!([1]))), None, Some(Json(json!({"a": 2})))]);
        let at = json.mget_at::<u64>(["m{1}", "none{1}", "n{1}"], "$.a").await.unwrap();
        assert_eq!(at, [Some(Json(vec![])), None, Some(Json(vec![2]))]);
    })
    .await;
}

#[async_std::test]
async fn each_value_that_a_path_finds_has_an_answer() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let json = db.json();
        let document = json!({
            "a": {"n": 1, "t": "one", "l": [1, 2, 3], "f": true},
            "b": {"n": "text", "t": 5, "l": "text", "f": null},
        });
        json.set("k", &document).await.unwrap();
        let types = json.type_of("k", "$.*.n").await.unwrap().unwrap();
        assert_eq!(types.to_vec(), [JsonType::Integer, JsonType::String]);
        assert_eq!(json.type_of("k", "$.none").await.unwrap().unwrap().to_vec(), []);
        assert_eq!(json.type_of("none", "$").await.unwrap(), None);
        assert_eq!(json.str_len("k", "$.*.t").await.unwrap().unwrap().into_vec(), [Some(3), None]);
        assert_eq!(json.arr_len("k", "$.*.l").await.unwrap().unwrap().into_vec(), [Some(3), None]);
        assert_eq!(json.obj_len("k", "$.*").await.unwrap().unwrap().into_vec(), [Some(4), Some(4)]);
        let keys = json.obj_keys("k", "$.a").await.unwrap().unwrap().one().unwrap();
        assert_eq!(keys.len(), 4);
        let numbers = json.num_incr_by("k", "$.*.n", 1.5).await.unwrap().into_vec();
        assert_eq!(numbers, [Number::from_f64(2.5), None]);
        let number = json.num_mult_by("k", "$.a.n", 4).await.unwrap().one().unwrap();
        assert_eq!(number.as_f64(), Some(10.0));
        assert_eq!(json.toggle("k", "$.*.f").await.unwrap().into_vec(), [Some(false), None]);
        assert_eq!(
            json.str_append("k", "$.*.t", " \"more\"").await.unwrap().into_vec(),
            [Some(10), None]
        );
        assert_eq!(
            json.arr_append("k", "$.*.l", [4, 5]).await.unwrap().into_vec(),
            [Some(5), None]
        );
        assert_eq!(json.arr_insert("k", "$.a.l", 0, ["zero"]).await.unwrap().one(), Some(6));
        assert_eq!(
            json.arr_index("k", "$.*.l", &4).await.unwrap().unwrap().into_vec(),
            [Some(4), None]
        );
        assert_eq!(json.arr_index("k", "$.a.l", "none").await.unwrap().unwrap().one(), Some(-1));
        assert_eq!(
            json.arr_index_within("k", "$.a.l", &4, 5, 0).await.unwrap().unwrap().one(),
            Some(-1)
        );
        let popped = json.arr_pop::<Value>("k", "$.*.l").await.unwrap().into_vec();
        assert_eq!(popped, [Some(Json(json!(5))), None]);
        let popped = json.arr_pop_from::<String>("k", "$.a.l", 0).await.unwrap().one();
        assert_eq!(popped, Some(Json("zero".to_owned())));
        assert_eq!(json.arr_trim("k", "$.a.l", 1, -1).await.unwrap().one(), Some(3));
        let Json(list) = json.get_at::<Vec<i64>>("k", "$.a.l").await.unwrap().unwrap();
        assert_eq!(list, [[2, 3, 4]]);
        assert_eq!(json.clear("k", "$.a.l").await.unwrap(), 1);
        assert!(json.debug_memory("k", "$.a").await.unwrap().unwrap().one().unwrap() > 0);
        let resp: Option<Vec<Vec<redmux::resp::Value>>> = json.resp("k", "$.a.l").await.unwrap();
        assert_eq!(resp.unwrap().len(), 1);
        assert_eq!(json.arr_len("none", "$").await.unwrap(), None);
        assert_eq!(json.arr_index("none", "$", &1).await.unwrap(), None);
        assert_eq!(json.obj_keys("none", "$").await.unwrap(), None);
        assert_eq!(json.obj_len("none", "$").await.unwrap(), None);
        assert_eq!(json.str_len("none", "$").await.unwrap(), None);
        assert!(json.debug_memory("none", "$").await.unwrap().is_none_or(|all| all.is_empty()));
        let error = json.arr_append("none", "$", [1]).await.unwrap_err();
        assert!(error.is_server(), "{error}");
    })
    .await;
}

#[async_std::test]
async fn names_with_any_letters_are_found_by_steps() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let names =
            ["a.b", "a b", "quo\"te", "'single'", "$", "*", "[0]", "ü–日", "@", "?(x)", "a\nb"];
        for name in names.into_iter().chain(["ba\\ck", "bo\"th'", "\\\"'"]) {
            db.json().set("k", &json!({"before": 1, name: "found"})).await.unwrap();
            let path = JsonPath::root().key(name);
            let found = db.json().get_at::<String>("k", &path).await.unwrap().unwrap();
            assert_eq!(found.0, ["found"], "{path}");
            if names.contains(&name) {
                assert!(db.json().set_at("k", path, &2).await.unwrap());
            } else {
                let error = db.json().set_at("k", path, &2).await.unwrap_err();
                assert!(error.is_rejected(), "{name}: {error}");
                db.json().merge("k", &json!({name: 2})).await.unwrap();
            }
            let Json(now) = db.json().get::<Value>("k").await.unwrap().unwrap();
            assert_eq!(now, json!({"before": 1, name: 2}), "{name}");
        }
        db.json().set("k", &json!({"l": [{"a": 1}, {"a": 2}]})).await.unwrap();
        let each = JsonPath::root().key("l").each().key("a");
        assert_eq!(db.json().get_at::<i64>("k", each).await.unwrap(), Some(Json(vec![1, 2])));
        let last = JsonPath::root().key("l").index(-1).key("a");
        assert_eq!(db.json().get_at::<i64>("k", last).await.unwrap(), Some(Json(vec![2])));
        let anywhere = JsonPath::root().anywhere("a");
        assert_eq!(db.json().get_at::<i64>("k", anywhere).await.unwrap(), Some(Json(vec![1, 2])));
    })
    .await;
}

#[async_std::test]
async fn what_cannot_be_sent_is_refused_and_says_nothing_of_the_value() {
    let server = redis_stack();
    let muxer = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
    let db = muxer.database();
    let odd: HashMap<Vec<u8>, &str> = [(vec![1], "s3cret")].into();
    let nothing: [u8; 0] = [];
    for error in [
        db.json().set("k", &odd).await.unwrap_err(),
        db.json().mset([("k", "$", &odd)]).await.unwrap_err(),
        db.json().arr_append("k", "$", [&odd]).await.unwrap_err(),
        db.json().arr_append("k", "$", nothing).await.unwrap_err(),
        db.json().num_incr_by("k", "$", f64::NAN).await.unwrap_err(),
        db.json().num_mult_by("k", "$", f64::INFINITY).await.unwrap_err(),
        db.json().get_paths::<Value>("k", ["$.a"]).await.unwrap_err(),
    ] {
        assert!(error.is_rejected() && error.to_string().contains("JSON."), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
    // A document of another form than is asked for is an error without its content, too.
    db.json().set("k", "s3cret").await.unwrap();
    let error = db.json().get::<u64>("k").await.unwrap_err();
    assert!(!error.to_string().contains("s3cret"), "{error}");
    muxer.close().await;
}

#[async_std::test]
async fn they_are_calls_like_any_other() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let json = db.json();
        let three = (
            json.set("k", &json!({"n": 1})),
            json.num_incr_by("k", "$.n", 1),
            json.get::<Value>("k"),
        );
        let ((), number, document) = pipeline(three).all().await.unwrap();
        assert_eq!(number.one(), Some(Number::from(2)));
        assert_eq!(document, Some(Json(json!({"n": 2}))));
        let (number, ()) = db
            .transaction((
                json.num_incr_by("k", "$.n", 1),
                json.set_at("k", "$.m", &[1]).reply_as(),
            ))
            .all()
            .await
            .unwrap();
        assert_eq!(number.one(), Some(Number::from(3)));
        let tenant = db.with_key_prefix("t:");
        tenant.json().set("k", &7).await.unwrap();
        assert_eq!(db.json().get::<u8>("t:k").await.unwrap(), Some(Json(7)));
        let all = tenant.json().mget::<Value>(["k", "none"]).await.unwrap();
        assert_eq!(all, [Some(Json(json!(7))), None]);
        tenant.json().mset([("a", "$", 1), ("b", "$", 2)]).await.unwrap();
        assert_eq!(db.exists(["t:a", "t:b", "a", "b"]).await.unwrap(), 2);
        let raw: Option<bytes::Bytes> = db.json().get::<Value>("k").reply_as().await.unwrap();
        assert!(raw.unwrap().starts_with(b"{"));
        db.set("text", r#"{"a":[1]}"#).await.unwrap();
        let text: Option<Json<Value>> = db.get("text").await.unwrap();
        assert_eq!(text.unwrap().0, json!({"a": [1]}));
    })
    .await;
}

#[async_std::test]
async fn documents_of_several_servers_are_asked_for_where_they_are() {
    let cluster =
        RedisCluster::builder().replicas(0).program(programs().redis_stack()).start().unwrap();
    let options = Options::new(cluster.nodes()[0].addr().to_string()).mode(Mode::Cluster);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    let keys: Vec<String> = (0..30).map(|number| format!("doc:{number}")).collect();
    for (key, number) in keys.iter().zip(0..) {
        db.json().set(key, &json!({"n": number})).await.unwrap();
    }
    let all = db.json().mget_at::<u64>(&keys, "$.n").await.unwrap();
    let all: Vec<u64> = all.into_iter().flat_map(|found| found.unwrap().0).collect();
    assert_eq!(all, (0..30).collect::<Vec<_>>());
    let error = db.json().mset([("a", "$", 1), ("b", "$", 2)]).await.unwrap_err();
    assert!(error.is_rejected() && error.to_string().contains("CROSSSLOT"), "{error}");
    db.json().mset([("{a}1", "$", 1), ("{a}2", "$", 2)]).await.unwrap();
    muxer.close().await;
}
