//! Structs as documents, on Redis Stack 7.4 and 7.2, in both protocols.

use std::time::{Duration, SystemTime};

use futures::TryStreamExt;
use redmux::{
    Database, Delivery, ErrorKind,
    database::keys::Ttl,
    pipeline,
    resp::{FromReply, ToArgs},
    stack::{
        documents::{Document, Indexed, Updated},
        search::{Ensured, Filter, Id, Schema, SearchOptions, SearchPage},
    },
};
use serde::{Deserialize, Serialize};

use crate::everywhere;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema, Document)]
#[document(json, prefix = "book:", index = "books")]
#[serde(rename_all = "camelCase")]
struct Book {
    #[document(id)]
    isbn: String,
    #[search(text)]
    full_title: String,
    #[search(numeric(sortable))]
    price: f64,
    #[search(tag)]
    genres: Vec<String>,
    #[document(version)]
    #[serde(default)]
    how_often: u64,
}

fn book(isbn: &str, price: f64) -> Book {
    let genres = vec!["novel".to_owned(), "a, b".to_owned()];
    Book { isbn: isbn.into(), full_title: format!("The {isbn}"), price, genres, how_often: 0 }
}

#[derive(Debug, Clone, PartialEq, FromReply, ToArgs, Schema, Document)]
#[redmux(rename_all = "kebab-case")]
#[search(hash, prefix = "user:")]
#[document(index = "users")]
struct User {
    #[document(id)]
    number: u64,
    #[search(tag)]
    first_name: String,
    #[search(numeric)]
    born: Option<u16>,
    #[document(version)]
    how_often: u64,
}

fn user(number: u64, first_name: &str) -> User {
    User { number, first_name: first_name.into(), born: Some(1815), how_often: 0 }
}

/// Nothing but an id and a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[document(json, prefix = "note:")]
struct Note {
    #[document(id)]
    id: u32,
    text: String,
}

#[derive(Debug, Clone, PartialEq, FromReply, ToArgs, Document)]
#[document(hash, prefix = "memo:")]
struct Memo {
    #[document(id)]
    id: u32,
    text: Option<String>,
    other: u8,
}

#[async_std::test]
async fn json_documents_are_written_read_found_and_deleted() {
    everywhere(async |db, _| {
        let books = db.documents::<Book>();
        assert_eq!(books.ensure().await.unwrap(), Ensured::Created);
        assert_eq!(books.ensure().await.unwrap(), Ensured::Same);
        let (emma, war) = (book("emma", 7.5), book("war", 12.0));
        assert!(books.insert(&emma).await.unwrap());
        assert!(!books.insert(&book("emma", 1.0)).await.unwrap());
        assert_eq!(books.save(&war).await.unwrap(), 1);
        assert_eq!(
            db.json().type_of("book:emma", "$").await.unwrap().map(|found| found.len()),
            Some(1)
        );
        let war = Book { how_often: 1, ..war };
        assert_eq!(books.load("emma").await.unwrap(), Some(emma.clone()));
        assert_eq!(books.load("none").await.unwrap(), None);
        let many = books.load_many(["war", "none", "emma"]).await.unwrap();
        assert_eq!(many, [Some(war.clone()), None, Some(emma.clone())]);
        assert_eq!(books.load_many([""; 0]).await.unwrap(), []);
        assert!(books.exists("war").await.unwrap() && !books.exists("none").await.unwrap());

        let found = async |filter: Filter| {
            let page = books.find(filter, SearchOptions::new().sort_by(Book::PRICE)).await.unwrap();
            let ids: Vec<String> = page.rows.iter().map(|row| row.id.clone()).collect();
            let values: Vec<Book> = page.rows.into_iter().filter_map(|row| row.value).collect();
            (ids, values)
        };
        let (ids, values) = found(Book::GENRES.is("a, b") & Book::PRICE.between(1.0..100.0)).await;
        assert_eq!((ids.join(" "), values), ("book:emma book:war".into(), vec![emma, war.clone()]));
        assert_eq!(found(Book::FULL_TITLE.words("war")).await.1, [war]);
        assert_eq!(books.count(Book::PRICE.above(10.0)).await.unwrap(), 1);
        let options = SearchOptions::new().sort_by_descending(Book::PRICE);
        let rows =
            books.find_all(Filter::all(), options).page(1).map_ok(|row| row.value.unwrap().isbn);
        assert_eq!(rows.try_collect::<Vec<String>>().await.unwrap(), ["war", "emma"]);
        let ids: SearchPage<Id> =
            db.search().search(Book::INDEX, Filter::all(), SearchOptions::new()).await.unwrap();
        assert_eq!(ids.total, 2);

        assert!(books.delete("emma").await.unwrap() && !books.delete("emma").await.unwrap());
        assert_eq!(books.load("emma").await.unwrap(), None);
        assert_eq!(found(Filter::all()).await.0, ["book:war"]);
    })
    .await;
}

#[async_std::test]
async fn an_index_has_the_documents_of_one_type_and_is_put_in_place_of_another() {
    everywhere(async |db, _| {
        let books = db.documents::<Book>();
        books.insert(&book("b", 1.0)).await.unwrap();
        db.json().set("other:b", &book("b", 1.0)).await.unwrap();
        let long = Duration::from_secs(10);
        assert_eq!(books.rebuild(long).await.unwrap().index, "books:v1");
        assert_eq!(books.count(Filter::all()).await.unwrap(), 1);
        assert_eq!(books.ensure().await.unwrap(), Ensured::Same);
        let rebuilt = books.rebuild(long).await.unwrap();
        assert_eq!((&*rebuilt.index, rebuilt.replaced.as_deref()), ("books:v2", Some("books:v1")));
        let info = db.search().info(Book::INDEX).await.unwrap();
        assert_eq!(info.definition.prefixes, ["book:"]);
        db.search().drop_index("books:v2").await.unwrap();
    })
    .await;
}

#[async_std::test]
async fn hashes_are_written_read_found_and_deleted() {
    everywhere(async |db, _| {
        let users = db.documents::<User>();
        assert_eq!(users.ensure().await.unwrap(), Ensured::Created);
        let ada = user(1, "Ada");
        assert!(users.insert(&ada).await.unwrap() && !users.insert(&ada).await.unwrap());
        assert_eq!(users.load(1).await.unwrap(), Some(ada.clone()));
        assert_eq!(users.save(&user(2, "Bob")).await.unwrap(), 1);
        let bob = User { how_often: 1, ..user(2, "Bob") };
        let many = users.load_many([2, 3, 1]).await.unwrap();
        assert_eq!(many, [Some(bob.clone()), None, Some(ada)]);
        let page = users.find(User::FIRST_NAME.is("bob"), SearchOptions::new()).await.unwrap();
        assert_eq!((page.total, page.rows[0].value.as_ref()), (1, Some(&bob)));
        assert!(users.exists(2).await.unwrap() && users.delete(2).await.unwrap());
        assert_eq!(users.load(2).await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn what_is_saved_replaces_all_that_was_there_and_keeps_the_time_to_live() {
    everywhere(async |db, _| {
        let memos = db.documents::<Memo>();
        let memo = Memo { id: 1, text: Some("x".into()), other: 5 };
        memos.save(&memo).await.unwrap();
        db.hset("memo:1", ("stray", 1)).await.unwrap();
        assert!(memos.expire(1, Duration::from_secs(100)).await.unwrap());
        memos.save(&Memo { text: None, ..memo }).await.unwrap();
        let fields: Vec<(String, String)> = db.hgetall("memo:1").await.unwrap();
        assert_eq!(fields, [("id".into(), "1".into()), ("other".into(), "5".into())]);
        assert!(matches!(db.pttl("memo:1").await.unwrap(), Ttl::In(_)));

        let notes = db.documents::<Note>();
        notes.save(&Note { id: 1, text: "x".into() }).await.unwrap();
        assert!(notes.expire(1, Duration::from_secs(100)).await.unwrap());
        notes.save(&Note { id: 1, text: "y".into() }).await.unwrap();
        assert_eq!(notes.load(1).await.unwrap(), Some(Note { id: 1, text: "y".into() }));
        assert!(matches!(db.pttl("note:1").await.unwrap(), Ttl::In(_)));
        assert!(!notes.expire(2, Duration::from_secs(100)).await.unwrap());
    })
    .await;
}

/// What becomes of versions, however documents are stored.
async fn versions<D>(db: &Database, first: D, change: impl Fn(&D, u64) -> D)
where
    D: Document<Version = u64> + Clone + std::fmt::Debug + PartialEq,
{
    let documents = db.documents::<D>();
    let load = async || documents.load(first.id()).await.unwrap().unwrap();
    assert_eq!(documents.update(&first).await.unwrap(), Updated::Missing);
    assert!(!documents.exists(first.id()).await.unwrap());
    assert!(documents.insert(&first).await.unwrap());
    assert_eq!(documents.update(&first).await.unwrap(), Updated::Done(1));
    assert_eq!(documents.update(&first).await.unwrap(), Updated::Stale(1));
    assert_eq!(load().await, change(&first, 1));
    assert_eq!(documents.update(&change(&first, 1)).await.unwrap(), Updated::Done(2));
    // A version that is too new is another one, too.
    assert_eq!(documents.update(&change(&first, 7)).await.unwrap(), Updated::Stale(2));
    // What is saved all the same has a version that nobody has seen: that of its own, or that of the stored document.
    assert_eq!(documents.save(&first).await.unwrap(), 3);
    assert_eq!(load().await, change(&first, 3));
    assert_eq!(documents.save(&change(&first, 3)).await.unwrap(), 4);
    assert_eq!(documents.save(&change(&first, 9)).await.unwrap(), 10);
    assert_eq!(load().await, change(&first, 10));
    let last = (1 << 53) - 2;
    assert!(documents.delete(first.id()).await.unwrap());
    assert!(documents.insert(&change(&first, last)).await.unwrap());
    assert_eq!(documents.update(&change(&first, last - 1)).await.unwrap(), Updated::Stale(last));
    assert_eq!(documents.update(&change(&first, last)).await.unwrap(), Updated::Done(last + 1));
    assert_eq!(load().await, change(&first, last + 1));
    let error = documents.update(&change(&first, last + 1)).await.unwrap_err();
    assert!(error.is_rejected() && error.to_string().contains("2^53"), "{error}");
}

#[async_std::test]
async fn an_update_is_written_only_over_the_version_that_was_read() {
    everywhere(async |db, _| {
        versions(&db, book("emma", 7.5), |book, how_often| Book { how_often, ..book.clone() })
            .await;
        versions(&db, user(1, "Ada"), |user, how_often| User { how_often, ..user.clone() }).await;
        // What was written before there were versions has the first one.
        db.json().set("book:old", &serde_json::json!({
            "isbn": "old", "fullTitle": "The old", "price": 1.0, "genres": ["novel", "a, b"],
        })).await.unwrap();
        let books = db.documents::<Book>();
        let old = books.load("old").await.unwrap().unwrap();
        assert_eq!(old, book("old", 1.0));
        assert_eq!(books.update(&old).await.unwrap(), Updated::Done(1));
    })
    .await;
}

/// Tasks that read, change and write the same document, until each has done it 25 times.
async fn counted<D>(db: &Database, id: D::Id, step: impl Fn(&mut D) + Copy + Send + 'static) -> D
where
    D: Document<Version = u64> + Send + Sync + 'static,
    D::Id: Clone + Send + Sync,
{
    let tasks = (0..8).map(|_| {
        let (db, id) = (db.clone(), id.clone());
        async_std::task::spawn(async move {
            let documents = db.documents::<D>();
            let mut lost = 0;
            for _ in 0..25 {
                loop {
                    let mut document = documents.load(&id).await.unwrap().unwrap();
                    step(&mut document);
                    match documents.update(&document).await.unwrap() {
                        Updated::Done(_) => break,
                        Updated::Stale(_) => lost += 1,
                        Updated::Missing => panic!("it was there"),
                    }
                }
            }
            lost
        })
    });
    let lost: u32 = futures::future::join_all(tasks.collect::<Vec<_>>()).await.into_iter().sum();
    assert!(lost > 0, "the tasks have met");
    db.documents::<D>().load(&id).await.unwrap().unwrap()
}

#[async_std::test]
async fn of_updates_at_the_same_time_none_is_lost() {
    everywhere(async |db, _| {
        db.documents().insert(&book("b", 0.0)).await.unwrap();
        let seen = counted::<Book>(&db, "b".into(), |book| book.price += 1.0).await;
        assert_eq!((seen.price, seen.how_often), (200.0, 200));
        db.documents().insert(&User { born: Some(0), ..user(1, "Ada") }).await.unwrap();
        let seen = counted::<User>(&db, 1, |user| user.born = user.born.map(|born| born + 1)).await;
        assert_eq!((seen.born, seen.how_often), (Some(200), 200));
    })
    .await;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[document(json, prefix = "session:", expire = 3600)]
struct Session {
    #[document(id)]
    token: String,
    #[document(expire)]
    lives: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[document(json, prefix = "offer:")]
struct Offer {
    #[document(id)]
    id: u8,
    #[document(expire)]
    until: Option<SystemTime>,
}

#[derive(Debug, Clone, PartialEq, FromReply, ToArgs, Document)]
#[document(hash, prefix = "visit:", expire = 60)]
struct Visit {
    #[document(id)]
    id: u8,
    #[document(version)]
    version: u64,
}

#[async_std::test]
async fn documents_live_as_long_as_they_say() {
    everywhere(async |db, _| {
        let left = async |key: &str| match db.pttl(key.to_owned()).await.unwrap() {
            Ttl::In(time) => Some(time.as_secs_f64().round() as u64),
            _ => None,
        };
        let sessions = db.documents::<Session>();
        let session = Session { token: "t".into(), lives: None };
        sessions.save(&session).await.unwrap();
        assert_eq!(left("session:t").await, Some(3600));
        sessions.save(&Session { lives: Some(60), ..session.clone() }).await.unwrap();
        assert_eq!(left("session:t").await, Some(60));
        assert!(!sessions.insert(&session).await.unwrap());
        assert_eq!(left("session:t").await, Some(60));
        let other = Session { token: "u".into(), lives: Some(9) };
        assert!(sessions.insert(&other).await.unwrap());
        assert_eq!(left("session:u").await, Some(9));
        let error = sessions.save(&Session { lives: Some(0), ..session }).await.unwrap_err();
        assert!(error.is_rejected() && error.to_string().contains("zero"), "{error}");

        let offers = db.documents::<Offer>();
        let until = SystemTime::now() + Duration::from_secs(100);
        assert!(offers.insert(&Offer { id: 1, until: Some(until) }).await.unwrap());
        assert!((95..=100).contains(&left("offer:1").await.unwrap()));
        offers.save(&Offer { id: 1, until: None }).await.unwrap();
        assert_eq!(left("offer:1").await, None);
        assert!(offers.insert(&Offer { id: 2, until: None }).await.unwrap());
        offers.save(&Offer { id: 2, until: Some(SystemTime::UNIX_EPOCH) }).await.unwrap();
        assert!(!offers.exists(2).await.unwrap());

        let visits = db.documents::<Visit>();
        assert!(visits.insert(&Visit { id: 1, version: 0 }).await.unwrap());
        assert!(visits.expire(1, Duration::from_secs(5)).await.unwrap());
        assert_eq!(visits.update(&Visit { id: 1, version: 5 }).await.unwrap(), Updated::Stale(0));
        assert_eq!(left("visit:1").await, Some(5));
        assert_eq!(visits.update(&Visit { id: 1, version: 0 }).await.unwrap(), Updated::Done(1));
        assert_eq!(left("visit:1").await, Some(60));
        assert!(visits.expire(1, Duration::MAX).await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn prefixes_do_not_meet() {
    everywhere(async |db, _| {
        let (notes, memos) = (db.documents::<Note>(), db.documents::<Memo>());
        let (note, memo) = (
            Note { id: 1, text: "note".into() },
            Memo { id: 1, text: Some("memo".into()), other: 0 },
        );
        assert!(notes.insert(&note).await.unwrap() && memos.insert(&memo).await.unwrap());
        assert_eq!(notes.load(1).await.unwrap(), Some(note));
        assert!(memos.delete(1).await.unwrap() && notes.exists(1).await.unwrap());

        let (one, two) = (db.with_key_prefix("one:"), db.with_key_prefix("two:"));
        for (tenant, price) in [(&one, 1.0), (&two, 2.0)] {
            let books = tenant.documents::<Book>();
            books.ensure().await.unwrap();
            assert!(books.insert(&book("b", price)).await.unwrap());
            let seen = books.load("b").await.unwrap().unwrap();
            assert_eq!(books.update(&seen).await.unwrap(), Updated::Done(1));
        }
        for (tenant, price) in [(&one, 1.0), (&two, 2.0)] {
            let page = tenant.documents::<Book>().find(Filter::all(), SearchOptions::new()).await;
            let rows = page.unwrap().rows;
            let seen = rows[0].value.as_ref().map(|book| (book.price, book.how_often));
            assert_eq!((rows.len(), &*rows[0].id, seen), (1, "book:b", Some((price, 1))));
        }
        assert!(one.documents::<Book>().delete("b").await.unwrap());
        assert!(two.documents::<Book>().exists("b").await.unwrap());
        assert!(!db.documents::<Book>().exists("b").await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn calls_are_ordinary_ones() {
    everywhere(async |db, _| {
        let books = db.documents::<Book>();
        let (a, b) = (book("a", 1.0), book("b", 2.0));
        let (first, second) =
            db.transaction((books.insert(&a), books.insert(&b))).all().await.unwrap();
        assert!(first && second);
        let updates = vec![books.update(&a), books.update(&a), books.update(&b)];
        let outcomes = pipeline(updates).all().await.unwrap();
        assert_eq!(outcomes, [Updated::Done(1), Updated::Stale(1), Updated::Done(1)]);
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_done()).count(), 2);
        books.delete("a").forget().unwrap();
        assert_eq!(books.load("a").timeout(Duration::from_secs(1)).await.unwrap(), None);
        db.json().num_incr_by(books.key("b"), "$.price", 0.5).await.unwrap();
        assert_eq!(books.load("b").await.unwrap().unwrap().price, 2.5);
    })
    .await;
}

/// A document whose version is beside members that are not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[document(json, prefix = "open:")]
struct Open {
    #[document(id)]
    id: u8,
    #[document(version)]
    version: u64,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Serialize, Deserialize, Document)]
#[document(json, prefix = "sparse:")]
struct Sparse {
    #[document(id)]
    id: u8,
    #[document(version)]
    #[serde(default, skip_serializing_if = "is_zero")]
    version: u64,
}

/// As if the version were never zero.
fn is_zero(_: &u64) -> bool {
    true
}

#[async_std::test]
async fn unknown_members_are_kept_and_versions_that_are_not_written_refused() {
    everywhere(async |db, _| {
        let text = serde_json::json!({ "id": 1, "version": 4, "more": { "version": 1 }, "x": [1] });
        db.json().set("open:1", &text).await.unwrap();
        let opens = db.documents::<Open>();
        let open = opens.load(1).await.unwrap().unwrap();
        assert_eq!(open.rest.len(), 2);
        assert_eq!(opens.update(&open).await.unwrap(), Updated::Done(5));
        assert_eq!(opens.load(1).await.unwrap(), Some(Open { version: 5, ..open }));

        let error = db.documents().update(&Sparse { id: 1, version: 0 }).await.unwrap_err();
        assert!(
            error.is_rejected() && error.to_string().contains("the version is not in"),
            "{error}"
        );
    })
    .await;
}

#[async_std::test]
async fn what_cannot_be_done_is_an_error_that_quotes_nothing() {
    everywhere(async |db, _| {
        let books = db.documents::<Book>();
        let nameless = book("", 1.0);
        let errors = [
            books.load("").await.map(|_| ()).unwrap_err(),
            books.load_many(["a", ""]).await.map(|_| ()).unwrap_err(),
            books.save(&nameless).await.map(|_| ()).unwrap_err(),
            books.insert(&nameless).await.map(|_| ()).unwrap_err(),
            books.update(&nameless).await.map(|_| ()).unwrap_err(),
            books.delete("").await.map(|_| ()).unwrap_err(),
            books.exists("").await.map(|_| ()).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(
                (error.is_rejected(), error.delivery()),
                (true, Delivery::NotSent),
                "{error}"
            );
            assert!(error.to_string().contains("id of the document is empty"), "{error}");
        }
        // A key of another type is left as it is.
        db.set("book:s3cret", "text").await.unwrap();
        db.set("user:1", "text").await.unwrap();
        for error in [
            books.update(&book("s3cret", 1.0)).await.map(|_| ()).unwrap_err(),
            books.save(&book("s3cret", 1.0)).await.map(|_| ()).unwrap_err(),
            books.load("s3cret").await.map(|_| ()).unwrap_err(),
            db.documents().update(&user(1, "s3cret")).await.map(|_| ()).unwrap_err(),
            db.documents().save(&user(1, "s3cret")).await.map(|_| ()).unwrap_err(),
        ] {
            assert!(error.is_server() && error.delivery() == Delivery::Answered, "{error}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
        assert_eq!(db.get::<String>("book:s3cret").await.unwrap().as_deref(), Some("text"));
        assert_eq!(db.get::<String>("user:1").await.unwrap().as_deref(), Some("text"));
        // What is stored does not fit the type.
        db.json().set("note:7", &serde_json::json!({ "id": "s3cret" })).await.unwrap();
        let error = db.documents::<Note>().load(7).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Decode) && !error.to_string().contains("s3cret"),
            "{error}"
        );
        let error = books.find(Filter::all(), SearchOptions::new()).await.unwrap_err();
        assert!(error.server().unwrap().is_index_missing(), "{error}");
    })
    .await;
}
