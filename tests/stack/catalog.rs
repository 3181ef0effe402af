//! The example of a catalogue works.

use futures::future::join_all;

use crate::everywhere;

#[path = "../../examples/catalog.rs"]
mod example;

use example::{Facet, Product, Sale};

fn ids(products: &[Product]) -> String {
    products.iter().map(|product| &*product.id).collect::<Vec<_>>().join(" ")
}

#[async_std::test]
async fn products_are_found_by_words_by_likeness_and_by_facets() {
    everywhere(async |db, _| {
        example::fill(&db).await.unwrap();
        example::fill(&db).await.unwrap();
        assert_eq!(ids(&example::search(&db, "warm light", 100.0).await.unwrap()), "candle lamp");
        assert_eq!(ids(&example::search(&db, "light", 30.0).await.unwrap()), "candle lantern");
        assert_eq!(ids(&example::search(&db, "-@price:[0 9]|*", 1000.0).await.unwrap()), "");
        let lamp = db.documents::<Product>().load("lamp").await.unwrap().unwrap();
        assert_eq!(ids(&example::similar(&db, &lamp, 2).await.unwrap()), "lantern candle");
        let facets = example::facets(&db, Product::PRICE.above(5.0)).await.unwrap();
        let facet =
            |category: &str, from, to| Facet { category: category.into(), products: 2, from, to };
        assert_eq!(facets.len(), 2);
        for expected in [facet("light", 24.0, 39.5), facet("furniture", 49.0, 890.0)] {
            assert!(facets.contains(&expected), "{facets:?}");
        }
    })
    .await;
}

#[async_std::test]
async fn the_last_pieces_are_sold_once_and_sales_are_summed_by_hour() {
    everywhere(async |db, _| {
        example::fill(&db).await.unwrap();
        let hour = 3_600_000;
        // Eight who want one of three.
        let sales = join_all((0..8).map(|at| example::sell(&db, "lamp", 1, hour + at))).await;
        let sold = sales.iter().filter(|sale| matches!(sale, Ok(Sale::Sold { .. }))).count();
        let refused = sales.iter().filter(|sale| matches!(sale, Ok(Sale::SoldOut))).count();
        assert_eq!((sold, refused), (3, 5));
        // In one millisecond.
        assert_eq!(
            example::sell(&db, "candle", 1, 2 * hour).await.unwrap(),
            Sale::Sold { left: 2 }
        );
        assert_eq!(
            example::sell(&db, "candle", 2, 2 * hour).await.unwrap(),
            Sale::Sold { left: 0 }
        );
        assert_eq!(example::sell(&db, "sofa", 1, hour).await.unwrap(), Sale::Sold { left: 2 });
        assert_eq!(example::sell(&db, "none", 1, hour).await.unwrap(), Sale::Unknown);
        let by_hour = example::sold_by_hour(&db, "light", 0).await.unwrap();
        let by_hour: Vec<(u64, f64)> = by_hour.iter().map(|hour| (hour.at, hour.value)).collect();
        assert_eq!(by_hour, [(hour, 3.0), (2 * hour, 3.0)]);
    })
    .await;
}

#[async_std::test]
async fn visitors_are_counted_once() {
    everywhere(async |db, _| {
        assert!(example::visit(&db, "lamp", "ada").await.unwrap());
        assert!(!example::visit(&db, "sofa", "ada").await.unwrap());
        assert!(example::visit(&db, "sofa", "bob").await.unwrap());
        assert_eq!(example::visitors(&db, &["lamp", "sofa"]).await.unwrap(), 2);
        assert_eq!(example::visitors(&db, &["lamp"]).await.unwrap(), 1);
        example::show(&db).await.unwrap();
    })
    .await;
}
