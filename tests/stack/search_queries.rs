//! Queries on Redis Stack 7.4 and 7.2, in both protocols.

use redmux::stack::search::{Numeric, NumericField, Schema};

use crate::everywhere;

#[async_std::test]
async fn a_field_of_any_name_is_found_in_a_query() {
    let marks = (b' '..=b'~').map(|mark| format!("a{}b", char::from(mark)));
    let others = ["größe", "日本", "x y", "1st", "-x", "x-", "_"].map(str::to_owned);
    let names: Vec<String> = marks.chain(others).collect();
    everywhere(async |db, version| {
        for name in &names {
            let schema = Schema::hash().prefix("f:").field(Numeric::new(name.clone()));
            db.search().create("f", &schema).await.unwrap();
            db.hset("f:1", [(name, 5)]).await.unwrap();
            let query = format!("{}:[5 5]", NumericField::named(name.clone()).in_query());
            let words = ("f", query, "LIMIT", 0, 0, "DIALECT", 2);
            let reply: redmux::resp::Value = db.execute("FT.SEARCH", words).await.unwrap();
            let text = format!("{reply:?}");
            assert!(
                text.starts_with("Array([Integer(1)")
                    || text.contains("total_results\"), Integer(1)"),
                "{version} {name:?}: {text}"
            );
            db.search().drop_index_and_documents("f").await.unwrap();
        }
    })
    .await;
}
