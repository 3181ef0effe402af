//! Schemas from structs.

use std::time::Duration;

use redmux::{
    resp::{FromReply, ToArgs},
    stack::search::{
        Compression, Distance, Ensured, Filter, FlatVector, Geo, GeoField, GeoShape, HnswVector,
        JsonDoc, Language, Numeric, NumericField, Phonetic, Schema, SearchOptions, SearchPage,
        ShapeField, Tag, TagField, Text, TextField, VamanaVector, VectorField, VectorType,
    },
};
use redmux_test_support::both;
use serde::{Deserialize, Serialize};

use crate::redis_stack;

const DIMENSIONS: u32 = 4;

#[derive(Serialize, Deserialize, Schema)]
#[search(
    json,
    prefix = "book:",
    prefix = "b:",
    filter = "@price>0",
    language = "german",
    language_field = "$.lang"
)]
#[search(
    score = 0.5,
    score_field = "$.score",
    temporary = 3600,
    stop_words("der", "die"),
    index_all = false
)]
#[search(max_text_fields, no_offsets, no_highlights, no_fields, no_frequencies, skip_initial_scan)]
#[serde(rename_all = "camelCase")]
struct Book {
    #[search(
        text(weight = 2, no_stem, phonetic = "english", suffixes, sortable_as_is),
        empty,
        missing
    )]
    full_title: String,
    #[search(tag(separator = ";", case_sensitive, suffixes, sortable))]
    #[serde(rename = "kind")]
    genre: String,
    #[search(numeric(sortable), no_index, path = "$.shop.price")]
    price: f64,
    #[search(geo(sortable), name = "place")]
    shop_at: String,
    #[search(geoshape(flat), missing)]
    shape: String,
    #[search(vector(hnsw, f32, dim = DIMENSIONS, cosine, m = 16, ef_construction = 100))]
    #[search(ef_runtime = 5, epsilon = 0.5, initial_capacity = 9)]
    mood: Vec<f32>,
    note: Option<String>,
}

fn book_by_hand() -> Schema {
    let title = Text::new("fullTitle").weight(2.0).no_stem().phonetic(Phonetic::English);
    let mood = HnswVector::new("mood", VectorType::Float32, 4, Distance::Cosine);
    Schema::json()
        .prefix("book:")
        .prefix("b:")
        .filter("@price>0")
        .language(Language::German)
        .language_field("$.lang")
        .score(0.5)
        .score_field("$.score")
        .temporary(Duration::from_secs(3600))
        .stop_words(["der", "die"])
        .index_all(false)
        .max_text_fields()
        .no_offsets()
        .no_highlights()
        .no_fields()
        .no_frequencies()
        .skip_initial_scan()
        .field(title.suffixes().sortable_as_is().empty().missing())
        .field(Tag::new("kind").separator(';').case_sensitive().suffixes().sortable())
        .field(Numeric::new("price").at("$.shop.price").sortable().no_index())
        .field(Geo::new("place").at("$[\"shopAt\"]").sortable())
        .field(GeoShape::new("shape").flat().missing())
        .field(mood.m(16).ef_construction(100).ef_runtime(5).epsilon(0.5).initial_capacity(9))
}

#[derive(FromReply, ToArgs, Schema)]
#[redmux(rename_all = "kebab-case")]
#[search(hash, prefix = "user:", no_stop_words, payload_field = "p")]
struct User {
    #[search(tag)]
    first_name: String,
    #[search(numeric(sortable), name = "years")]
    age: u8,
    #[search(vector(flat, u8, dim = 2, l2, block_size = 64))]
    flat: String,
    #[search(vector(vamana, f16, dim = 2, ip, compression = "LVQ4x8", reduce = 1))]
    graph: String,
    #[redmux(default)]
    note: String,
}

fn user_by_hand() -> Schema {
    let graph = VamanaVector::new("graph", VectorType::Float16, 2, Distance::InnerProduct);
    Schema::hash()
        .prefix("user:")
        .no_stop_words()
        .payload_field("p")
        .field(Tag::new("first-name"))
        .field(Numeric::new("years").at("age").sortable())
        .field(FlatVector::new("flat", VectorType::UInt8, 2, Distance::L2).block_size(64))
        .field(graph.compression(Compression::Lvq4x8).reduce(1))
}

#[test]
fn a_derived_schema_is_the_one_by_hand() {
    assert_eq!(format!("{:?}", Book::schema()), format!("{:?}", book_by_hand()));
    assert_eq!(format!("{:?}", User::schema()), format!("{:?}", user_by_hand()));
}

#[test]
fn each_field_has_a_constant_by_which_queries_ask_for_it() {
    assert_eq!(Book::FULL_TITLE, TextField::new("fullTitle"));
    assert_eq!(Book::GENRE, TagField::new("kind"));
    assert_eq!(Book::PRICE, NumericField::new("price"));
    assert_eq!(Book::SHOP_AT, GeoField::new("place"));
    assert_eq!(Book::SHAPE, ShapeField::new("shape"));
    assert_eq!(Book::MOOD, VectorField::new("mood"));
    assert_eq!(
        (User::FIRST_NAME, User::AGE),
        (TagField::new("first-name"), NumericField::new("years"))
    );
    let by_hand = TextField::new("fullTitle").words("war") & NumericField::new("price").below(9.5);
    let filter = Book::FULL_TITLE.words("war") & Book::PRICE.below(9.5);
    assert_eq!(filter.to_string(), by_hand.to_string());
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Schema)]
#[search(json, prefix = "song:")]
#[serde(rename_all = "PascalCase")]
struct Song {
    #[search(tag, sortable)]
    song_title: String,
    #[search(tag, path = "$.Meta.by")]
    meta: Meta,
    #[search(numeric)]
    r#loop: u32,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Meta {
    by: String,
}

#[async_std::test]
async fn documents_by_serde_are_found_by_the_derived_fields() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let song = Song { song_title: "Yes".into(), meta: Meta { by: "Ü & I".into() }, r#loop: 3 };
        db.json().set("song:1", &song).await.unwrap();
        let made = db.search().ensure("songs", &Song::schema()).await.unwrap();
        assert_eq!(made, Ensured::Created);
        while !db.search().info("songs").await.unwrap().is_indexed() {
            async_std::task::sleep(Duration::from_millis(2)).await;
        }
        let info = db.search().info("songs").await.unwrap();
        assert_eq!((info.num_docs, info.failures), (Some(1), Some(0)));
        assert_eq!(db.search().tag_vals("songs", "SongTitle").await.unwrap(), ["yes"]);
        assert_eq!(db.search().tag_vals("songs", "Meta").await.unwrap(), ["Ü & i"]);
        assert_eq!(db.search().ensure("songs", &Song::schema()).await.unwrap(), Ensured::Same);
        let found = async |filter: Filter| -> Vec<Song> {
            let options = SearchOptions::new().sort_by(Song::LOOP);
            let page: SearchPage<JsonDoc<Song>> =
                db.search().search("songs", filter, options).await.unwrap();
            page.rows.into_iter().filter_map(|row| row.value).collect()
        };
        let filter =
            Song::SONG_TITLE.is("yes") & Song::META.is("Ü & I") & Song::LOOP.between(2.0..4.0);
        assert_eq!(found(filter).await, [song]);
        assert_eq!(found(Song::SONG_TITLE.is("yes") & !Song::LOOP.is(3.0)).await, []);
        db.search().drop_index("songs").await.unwrap();
    })
    .await;
}
