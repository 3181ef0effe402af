//! The catalogue of a shop: products as documents that are searched by words, by likeness and by facets; sales by time; visitors.
//!
//! Needs Redis Stack or Redis 8: `cargo run --features stack --example catalog -- localhost:6379`

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redmux::{
    ConnectionMultiplexer, Database, Result, pipeline,
    resp::FromReply,
    stack::{
        documents::{Document, Updated},
        search::{Aggregate, Ensured, Filter, Query, Reduce, Schema, SearchOptions},
        time_series::{
            AddOptions, Aggregator, DuplicatePolicy, Label, RangeOptions, Sample, SeriesOptions,
        },
    },
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema, Document)]
#[document(json, prefix = "catalog:product:", index = "catalog")]
pub(crate) struct Product {
    #[document(id)]
    #[search(tag)]
    pub(crate) id: String,
    #[search(text(weight = 2))]
    pub(crate) name: String,
    #[search(text)]
    pub(crate) about: String,
    #[search(tag(sortable))]
    pub(crate) category: String,
    #[search(numeric(sortable))]
    pub(crate) price: f64,
    /// What a model makes of the text. Here it is by hand: how bright, how warm, how large.
    #[search(vector(hnsw, f32, dim = 3, cosine))]
    pub(crate) feel: Vec<f32>,
    pub(crate) left: u32,
    /// So that two who sell the last piece at the same time do not both sell it.
    #[document(version)]
    pub(crate) version: u64,
}

/// How many products there are of a category, and what they cost.
#[derive(Debug, PartialEq, FromReply)]
pub(crate) struct Facet {
    pub(crate) category: String,
    pub(crate) products: u64,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Sale {
    Sold { left: u32 },
    SoldOut,
    Unknown,
}

#[allow(dead_code, reason = "the test that includes this file has a main of its own")]
#[async_std::main]
async fn main() -> Result<()> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "localhost:6379".to_owned());
    let muxer = ConnectionMultiplexer::connect(server).await?;
    show(&muxer.database()).await?;
    muxer.close().await;
    Ok(())
}

/// All of it, in turn.
pub(crate) async fn show(db: &Database) -> Result<()> {
    fill(db).await?;
    for product in search(db, "warm light", 100.0).await? {
        println!("{} for {}: {}", product.name, product.price, product.about);
    }
    if let Some(lamp) = db.documents::<Product>().load("lamp").await? {
        let names: Vec<String> =
            similar(db, &lamp, 2).await?.into_iter().map(|it| it.name).collect();
        println!("like {}: {}", lamp.name, names.join(", "));
    }
    for facet in facets(db, Product::PRICE.above(5.0)).await? {
        println!("{}: {} from {} to {}", facet.category, facet.products, facet.from, facet.to);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    println!("{:?}", sell(db, "candle", 2, now).await?);
    for sample in sold_by_hour(db, "light", now.saturating_sub(86_400_000)).await? {
        println!("{} lights in the hour from {}", sample.value, sample.at);
    }
    println!("new here: {}", visit(db, "lamp", "ada").await?);
    println!("{} visitors", visitors(db, &["lamp", "candle"]).await?);
    Ok(())
}

fn product(id: &str, about: &str, category: &str, price: f64, feel: [f32; 3]) -> Product {
    Product {
        id: id.into(),
        name: format!("The {id}"),
        about: about.into(),
        category: category.into(),
        price,
        feel: feel.into(),
        left: 3,
        version: 0,
    }
}

/// The index, and the products that are not there yet.
pub(crate) async fn fill(db: &Database) -> Result<()> {
    let products = db.documents::<Product>();
    if let Ensured::Differs(how) = products.ensure().await? {
        // A new version of this program: the index that is there serves the old one until it is rebuilt.
        eprintln!("the index of the catalogue is another one: {how:?}");
    }
    let all = [
        product("lamp", "A warm light for the desk", "light", 39.5, [0.9, 0.7, 0.3]),
        product("candle", "A small light, and warm", "light", 4.5, [0.4, 0.9, 0.1]),
        product("lantern", "A light for the garden", "light", 24.0, [0.8, 0.6, 0.4]),
        product("sofa", "Large and soft", "furniture", 890.0, [0.2, 0.5, 1.0]),
        product("stool", "A light goes on it", "furniture", 49.0, [0.1, 0.1, 0.4]),
    ];
    // All at once; what is there already is left as it is.
    pipeline(all.iter().map(|product| products.insert(product)).collect::<Vec<_>>()).all().await?;
    Ok(())
}

/// What somebody looks for by words, up to a price.
pub(crate) async fn search(db: &Database, words: &str, most: f64) -> Result<Vec<Product>> {
    let filter = Product::NAME.words(words) | Product::ABOUT.words(words);
    found(db, filter & Product::PRICE.at_most(most), SearchOptions::new().sort_by(Product::PRICE))
        .await
}

/// The products whose feel is nearest to that of this one.
pub(crate) async fn similar(db: &Database, to: &Product, most: u32) -> Result<Vec<Product>> {
    let nearest = Product::FEEL.nearest(most, &to.feel).among(!Product::ID.is(&to.id));
    found(db, nearest.distance_as("distance"), SearchOptions::new().sort_by("distance")).await
}

async fn found(
    db: &Database,
    query: impl Into<Query>,
    options: SearchOptions,
) -> Result<Vec<Product>> {
    let page = db.documents::<Product>().find(query, options).await?;
    Ok(page.rows.into_iter().filter_map(|row| row.value).collect())
}

/// The categories of what a filter finds, those with most products first.
pub(crate) async fn facets(db: &Database, filter: Filter) -> Result<Vec<Facet>> {
    let prices = [
        Reduce::count().named("products"),
        Reduce::min(Product::PRICE).named("from"),
        Reduce::max(Product::PRICE).named("to"),
    ];
    let facets = Aggregate::new(filter)
        .group_by(Product::CATEGORY, prices)
        .sort_by_descending("products")
        .limit(0, 10);
    Ok(db.documents::<Product>().aggregate(facets).await?.rows)
}

/// Sells some pieces, if they are there.
pub(crate) async fn sell(db: &Database, id: &str, count: u32, at: u64) -> Result<Sale> {
    let products = db.documents::<Product>();
    let product = loop {
        let Some(mut product) = products.load(id).await? else { return Ok(Sale::Unknown) };
        let Some(left) = product.left.checked_sub(count) else { return Ok(Sale::SoldOut) };
        product.left = left;
        match products.update(&product).await? {
            Updated::Done(_) => break product,
            Updated::Stale(_) => {} // Another one was faster: look again.
            Updated::Missing => return Ok(Sale::Unknown),
        }
    };
    // Two sales in one millisecond are one sample.
    let options = AddOptions::new()
        .on_duplicate(DuplicatePolicy::Sum)
        .retention(Duration::from_secs(30 * 86_400))
        .labels([("of", "catalog"), ("category", &*product.category)]);
    db.time_series().add_with(format!("catalog:sold:{id}"), at, count.into(), options).await?;
    Ok(Sale::Sold { left: product.left })
}

/// How many pieces of a category were sold in each hour.
pub(crate) async fn sold_by_hour(db: &Database, category: &str, since: u64) -> Result<Vec<Sample>> {
    let hours = RangeOptions::new().aggregate(Aggregator::Sum, 3_600_000);
    let filters = [Label::new("of").is("catalog"), Label::new("category").is(category)];
    let one = SeriesOptions::new().group_by("category", Aggregator::Sum);
    let series = db.time_series().mrange(since.., hours, filters, one).await?;
    Ok(series.into_iter().flat_map(|series| series.samples).collect())
}

/// Notes a visitor of a product; returns whether they are new to the catalogue, as far as the filter knows.
///
/// Neither the filter nor the counter can tell who was there.
pub(crate) async fn visit(db: &Database, product: &str, visitor: &str) -> Result<bool> {
    let calls = (
        db.bloom().add("catalog:seen", visitor),
        db.pfadd(format!("catalog:visitors:{product}"), visitor),
    );
    let (is_new, _) = pipeline(calls).all().await?;
    Ok(is_new)
}

/// How many have looked at one of these products: about 1 % more or less.
pub(crate) async fn visitors(db: &Database, products: &[&str]) -> Result<u64> {
    let keys: Vec<String> =
        products.iter().map(|product| format!("catalog:visitors:{product}")).collect();
    db.pfcount(keys).await
}
