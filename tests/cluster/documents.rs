//! Documents of a cluster, as hashes: its servers have no modules.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures::future::{join, join_all};
use redmux::{
    resp::{FromReply, ToArgs},
    stack::documents::{Document, Updated},
};

use crate::{connect, from_to, movable, shared};

#[derive(Debug, Clone, PartialEq, FromReply, ToArgs, Document)]
#[document(hash, prefix = "product:", expire = 600)]
struct Product {
    #[document(id)]
    id: String,
    sold: u32,
    #[document(version)]
    version: u64,
}

fn product(id: impl Into<String>) -> Product {
    Product { id: id.into(), sold: 0, version: 0 }
}

#[async_std::test]
async fn documents_of_all_slots_are_written_read_and_updated() {
    let muxer = connect(shared(), 1).await;
    let db = muxer.database();
    let products = db.documents::<Product>();
    let all: Vec<Product> = (0..100).map(|id| product(id.to_string())).collect();
    for product in &all {
        assert!(products.insert(product).await.unwrap());
        assert_eq!(products.update(product).await.unwrap(), Updated::Done(1));
        assert_eq!(products.update(product).await.unwrap(), Updated::Stale(1));
    }
    let found = products.load_many(all.iter().map(|product| &product.id)).await.unwrap();
    let written = all.into_iter().map(|product| Some(Product { version: 1, ..product }));
    assert_eq!(found, written.collect::<Vec<_>>());
    for product in found.iter().flatten() {
        assert!(products.delete(&product.id).await.unwrap());
    }
    muxer.close().await;
}

#[async_std::test]
async fn no_update_is_lost_while_the_slot_moves() {
    let cluster = movable();
    let muxer = connect(cluster, 0).await;
    let db = muxer.database();
    db.documents().save(&product("moves")).await.unwrap();
    let is_over = AtomicBool::new(false);
    // Returns how many it has sold while the slot moved, and a little longer.
    let sell = || async {
        let mut sold = 0;
        while !is_over.load(Ordering::Relaxed) || sold < 10 {
            let products = db.documents::<Product>();
            let mut product = products.load("moves").await.unwrap().unwrap();
            product.sold += 1;
            sold += u32::from(products.update(&product).await.unwrap().is_done());
        }
        sold
    };
    let slot = cluster.slot("product:moves");
    let (from, to) = from_to(cluster, slot);
    let moves = async {
        async_std::task::spawn_blocking(move || {
            for (from, to) in [(from, to), (to, from), (from, to)] {
                cluster.begin_move(slot, from, to);
                std::thread::sleep(Duration::from_millis(20));
                cluster.migrate(&["product:moves"], from, to);
                std::thread::sleep(Duration::from_millis(20));
                cluster.end_move(slot, to);
            }
        })
        .await;
        is_over.store(true, Ordering::Relaxed);
    };
    let (sold, ()) = join(join_all((0..4).map(|_| sell())), moves).await;
    let sold: u32 = sold.into_iter().sum();
    let product = db.documents::<Product>().load("moves").await.unwrap().unwrap();
    assert_eq!((product.sold, product.version), (sold, u64::from(sold) + 1));
    muxer.close().await;
}
