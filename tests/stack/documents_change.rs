//! Changes of documents that are tried again, on Redis Stack 7.4 and 7.2, and with a server that answers as a test says.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use redmux::{
    Database, ErrorKind,
    resp::{FromReply, ToArgs},
    stack::documents::{Changed, Document},
};
use serde::{Deserialize, Serialize};

use crate::{everywhere, scripted::scripted};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[document(json, prefix = "product:")]
struct Product {
    #[document(id)]
    id: u64,
    left: u32,
    #[document(version)]
    version: u64,
}

#[derive(Debug, Clone, PartialEq, FromReply, ToArgs, Document)]
#[document(hash, prefix = "account:")]
struct Account {
    #[document(id)]
    name: String,
    balance: i64,
    #[document(version)]
    version: u64,
}

#[async_std::test]
async fn of_changes_at_the_same_time_none_is_lost() {
    everywhere(async |db, version| {
        let products = db.documents::<Product>();
        products.insert(&Product { id: 7, left: 30, version: 0 }).await.unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let sell = async |db: &Database| {
            let calls = calls.clone();
            let sale = db.documents::<Product>().change(7, move |product| {
                calls.fetch_add(1, SeqCst);
                let is_there = product.left > 0;
                product.left = product.left.saturating_sub(1);
                is_there
            });
            sale.await.unwrap()
        };
        let buyers = (0..4).map(|_| {
            let db = db.clone();
            let sell = &sell;
            async move {
                let mut sold = 0;
                for _ in 0..10 {
                    match sell(&db).await {
                        Changed::Done(_) => sold += 1,
                        Changed::Left => {}
                        Changed::Missing => panic!("it was there"),
                    }
                }
                sold
            }
        });
        let sold: u32 = futures::future::join_all(buyers).await.into_iter().sum();
        let product = products.load(7).await.unwrap().unwrap();
        assert_eq!((sold, product), (30, Product { id: 7, left: 0, version: 30 }), "{version}");
        assert!(calls.load(SeqCst) > 40, "{version}: the buyers have met");
        assert_eq!(sell(&db).await, Changed::Left);
    })
    .await;
}

#[async_std::test]
async fn a_change_is_made_only_to_the_document_that_was_read() {
    everywhere(async |db, version| {
        let accounts = db.documents::<Account>();
        let deposit = async |name| {
            accounts
                .change(name, |account| {
                    account.balance += 5;
                    true
                })
                .await
        };
        assert_eq!(deposit("ann").await.unwrap(), Changed::Missing, "{version}");
        assert!(!accounts.exists("ann").await.unwrap());
        let ann = Account { name: "ann".into(), balance: 1, version: 0 };
        accounts.insert(&ann).await.unwrap();
        assert_eq!(deposit("ann").await.unwrap(), Changed::Done(1), "{version}");
        assert_eq!(deposit("ann").await.unwrap(), Changed::Done(2), "{version}");
        let other_name = accounts.change("ann", |account| {
            account.name = "s3cret".into();
            true
        });
        let other_version = async || {
            accounts
                .change("ann", |account| {
                    account.version += 1;
                    true
                })
                .await
        };
        for error in [other_name.await.unwrap_err(), other_version().await.unwrap_err()] {
            assert!(error.is_rejected() && !error.to_string().contains("s3cret"), "{error}");
        }
        assert!(deposit("").await.unwrap_err().is_rejected());
        let ann = accounts.load("ann").await.unwrap().unwrap();
        assert_eq!((ann.balance, ann.version), (11, 2), "{version}");
        assert!(!accounts.exists("s3cret").await.unwrap());
    })
    .await;
}

#[test]
fn after_sixteen_attempts_it_is_a_conflict() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let answer = move |words: &[String]| match &*words[0] {
        "JSON.GET" => {
            count.fetch_add(1, SeqCst);
            let text = r#"{"id":7,"left":1,"version":3}"#;
            format!("${}\r\n{text}\r\n", text.len())
        }
        // Another one was faster.
        "EVAL" => "*2\r\n:0\r\n:4\r\n".to_owned(),
        _ => panic!("{words:?}"),
    };
    scripted(answer, async |muxer| {
        let db = muxer.database();
        let mut calls = 0;
        let changed = db.documents::<Product>().change(7, |product| {
            calls += 1;
            product.left = 0;
            true
        });
        let error = changed.await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Conflict), "{error}");
        assert!(error.to_string().contains("16 attempts"), "{error}");
        assert_eq!(calls, 16);
    });
    assert_eq!(asked.load(SeqCst), 16);
}
