//! Time series on Redis Stack, in both protocols.

use std::time::Duration;

use redmux::{
    ConnectionMultiplexer, pipeline,
    stack::time_series::{
        AddOptions, Aggregator, Align, AlterOptions, BucketTimestamp, CreateOptions,
        DuplicatePolicy, IncrOptions, Label, LabelFilter, RangeOptions, SeriesOptions, Time,
    },
};
use redmux_test_support::both;

use crate::redis_stack;

#[async_std::test]
async fn samples_are_added_read_and_deleted() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let ts = db.time_series();
        let options = CreateOptions::new()
            .labels([("room", "7"), ("kind", "heat")])
            .retention(Duration::from_secs(3600))
            .on_duplicate(DuplicatePolicy::Last)
            .chunk_size(128)
            .uncompressed();
        ts.create("t", options).await.unwrap();
        assert!(ts.create("t", CreateOptions::new()).await.unwrap_err().is_server());
        assert_eq!(ts.get("t").await.unwrap(), None);
        for (at, value) in [(1000, 1.5), (2000, -2.0), (3000, 1e300), (3000, 4.0)] {
            assert_eq!(ts.add("t", at, value).await.unwrap(), at);
        }
        let last = ts.get("t").await.unwrap().unwrap();
        assert_eq!((last.at, last.value), (3000, 4.0));
        let all = ts.range("t", .., RangeOptions::new()).await.unwrap();
        assert_eq!(all.iter().map(|sample| sample.value).collect::<Vec<_>>(), [1.5, -2.0, 4.0]);
        let two = ts.rev_range("t", 1000..3000, RangeOptions::new()).await.unwrap();
        assert_eq!(two.iter().map(|sample| sample.at).collect::<Vec<_>>(), [2000, 1000]);
        let some =
            RangeOptions::new().only_values(0.0, f64::INFINITY).only_at([1000, 2000]).count(5);
        assert_eq!(ts.range("t", .., some).await.unwrap().len(), 1);
        assert_eq!(ts.del("t", 1000..=2000).await.unwrap(), 2);
        let now = ts.add("t2", Time::Now, 1.0).await.unwrap();
        assert!(now > 1_700_000_000_000);
        let here = AddOptions::new().on_duplicate(DuplicatePolicy::Sum).labels([("room", "8")]);
        ts.add_with("t3", 5, 2.0, here.clone()).await.unwrap();
        ts.add_with("t3", 5, 3.0, here).await.unwrap();
        assert_eq!(ts.get("t3").await.unwrap().unwrap().value, 5.0);
        let later = IncrOptions::new().at(Time::At(9));
        assert_eq!(ts.incr_by_with("t3", 1.5, later).await.unwrap(), 9);
        ts.decr_by_with("t3", 0.5, IncrOptions::new().at(Time::At(9))).await.unwrap();
        assert_eq!(ts.get("t3").await.unwrap().unwrap().value, 6.0);
        let added = ts.madd([("t", 9000, 1.0), ("none", 1, 1.0), ("t3", 20, 2.0)]).await.unwrap();
        assert!(added[0] == Ok(9000) && added[1].is_err() && added[2] == Ok(20), "{added:?}");
        ts.alter("t", AlterOptions::new().labels([("room", "9")]).retention(Duration::ZERO))
            .await
            .unwrap();
        let info = ts.info("t").await.unwrap();
        assert_eq!((info.total_samples, info.retention, &*info.chunk_type), (2, 0, "uncompressed"));
        assert_eq!(info.labels, [("room".to_owned(), Some("9".to_owned()))]);
        assert_eq!(info.duplicate_policy.as_deref(), Some("last"));
    })
    .await;
}

#[async_std::test]
async fn buckets_are_made_when_they_are_asked_for_and_by_rules() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let ts = db.time_series();
        ts.create("raw", CreateOptions::new()).await.unwrap();
        ts.downsample("raw", "sums", Aggregator::Sum, 1000, CreateOptions::new()).await.unwrap();
        ts.create("moved", CreateOptions::new()).await.unwrap();
        ts.create_rule("raw", "moved", Aggregator::Max, 1000, 500).await.unwrap();
        for at in [100, 600, 1100, 1600, 3100] {
            ts.add("raw", at, at as f64).await.unwrap();
        }
        let sums = ts.range("sums", .., RangeOptions::new()).await.unwrap();
        let sums: Vec<_> = sums.iter().map(|sample| (sample.at, sample.value)).collect();
        assert_eq!(sums, [(0, 700.0), (1000, 2700.0)]);
        let unfinished = ts.get_latest("sums").await.unwrap().unwrap();
        assert_eq!((unfinished.at, unfinished.value), (3000, 3100.0));
        let mut rules = ts.info("raw").await.unwrap().rules;
        rules.sort_by(|one, other| one.destination.cmp(&other.destination));
        assert_eq!((&*rules[0].destination, rules[0].bucket, rules[0].align), ("moved", 1000, 500));
        assert_eq!(&*rules[1].aggregator, "SUM");
        assert_eq!(ts.info("sums").await.unwrap().source_key.as_deref(), Some("raw"));
        ts.delete_rule("raw", "moved").await.unwrap();
        let buckets = RangeOptions::new()
            .aggregate(Aggregator::Count, 1000)
            .align(Align::At(0))
            .bucket_timestamp(BucketTimestamp::End)
            .empty_buckets();
        let counts = ts.range("raw", 0..4000, buckets).await.unwrap();
        let counts: Vec<_> = counts.iter().map(|sample| (sample.at, sample.value)).collect();
        assert_eq!(counts, [(1000, 2.0), (2000, 2.0), (3000, 0.0), (4000, 1.0)]);
        let empty = RangeOptions::new().aggregate(Aggregator::Avg, 1000).empty_buckets();
        let means = ts.range("raw", 0..=3999, empty).await.unwrap();
        assert!(means[2].value.is_nan(), "an empty bucket has no mean: {means:?}");
    })
    .await;
}

#[async_std::test]
async fn series_are_found_by_labels_and_made_one() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let ts = db.time_series();
        for (key, room, kind) in [("a", "1", "heat"), ("b", "1", "light"), ("c", "2", "heat")] {
            let labels = CreateOptions::new().labels([("room", room), ("kind", kind)]);
            ts.create(key, labels).await.unwrap();
            ts.add(key, 1000, 2.0).await.unwrap();
        }
        ts.add("c", 2000, 5.0).await.unwrap();
        let heat = || [Label::new("kind").is("heat")];
        let mut keys = ts.query_index(heat()).await.unwrap();
        keys.sort();
        assert_eq!(keys, ["a", "c"]);
        let two = [Label::new("room").any(["1", "2"]), Label::new("kind").is_not("heat")];
        assert_eq!(ts.query_index(two).await.unwrap(), ["b"]);
        assert_eq!(ts.query_index([LabelFilter::raw("room=2")]).await.unwrap(), ["c"]);
        let mut last =
            ts.mget(heat(), SeriesOptions::new().select_labels(["room", "none"])).await.unwrap();
        last.sort_by(|one, other| one.key.cmp(&other.key));
        assert_eq!((&*last[1].key, last[1].samples[0].value), ("c", 5.0));
        assert!(last[0].labels.contains(&("none".to_owned(), None)), "{last:?}");
        let all =
            ts.mrange(.., RangeOptions::new(), heat(), SeriesOptions::new().with_labels()).await;
        let all = all.unwrap();
        assert!(all.iter().all(|series| series.labels.len() == 2), "{all:?}");
        let filters = [Label::new("room").any(["1", "2"])];
        let groups = SeriesOptions::new().group_by("kind", Aggregator::Sum);
        let mut groups = ts.mrev_range(.., RangeOptions::new(), filters, groups).await.unwrap();
        groups.sort_by(|one, other| one.key.cmp(&other.key));
        assert_eq!((&*groups[0].key, &*groups[0].reducers), ("kind=heat", &["sum".to_owned()][..]));
        assert_eq!(groups[0].sources, ["a", "c"]);
        let sums: Vec<f64> = groups[0].samples.iter().map(|sample| sample.value).collect();
        assert_eq!(sums, [5.0, 4.0]);
        let none = ts.mget([Label::new("room").is("99")], SeriesOptions::new()).await.unwrap();
        assert!(none.is_empty());
    })
    .await;
}

#[async_std::test]
async fn what_the_server_would_misread_or_never_answer_is_refused() {
    let server = redis_stack();
    let muxer = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
    let db = muxer.database();
    let ts = db.time_series();
    let filters = || [Label::new("a").is("b")];
    let none: [LabelFilter; 0] = [];
    let nothing: [(&str, u64, f64); 0] = [];
    let buckets = || RangeOptions::new().aggregate(Aggregator::Avg, 1000);
    let rows = || RangeOptions::new().aggregate_all([Aggregator::Avg, Aggregator::Max], 1000);
    let grouped = SeriesOptions::new().group_by("a", Aggregator::Max);
    for error in [
        ts.range("k", 10..10, RangeOptions::new()).await.unwrap_err(),
        ts.range("k", 5.., buckets().empty_buckets()).await.unwrap_err(),
        ts.range("k", .., rows()).await.unwrap_err(),
        ts.range("k", .., RangeOptions::new().align(Align::Start)).await.unwrap_err(),
        ts.del("k", 7..7).await.unwrap_err(),
        ts.madd(nothing).await.unwrap_err(),
        ts.create_rule("a", "b", Aggregator::Avg, 0, 0).await.unwrap_err(),
        ts.mget(none.clone(), SeriesOptions::new()).await.unwrap_err(),
        ts.mget(filters(), grouped).await.unwrap_err(),
        ts.mrange(.., RangeOptions::new(), none, SeriesOptions::new()).await.unwrap_err(),
        ts.mrange(.., rows(), filters(), SeriesOptions::new()).await.unwrap_err(),
        ts.query_index([Label::new("area").is("a,b")]).await.unwrap_err(),
        ts.create("k", CreateOptions::new().labels([("retention", "5")])).await.unwrap_err(),
        ts.incr_by_with("k", 1.0, IncrOptions::new().labels([("kind", "uncompressed")]))
            .await
            .unwrap_err(),
    ] {
        assert!(error.is_rejected() && error.to_string().contains("TS."), "{error}");
    }
    // Where the option comes before, the server reads the label as one.
    let week = Duration::from_secs(7 * 86_400);
    let named = CreateOptions::new().retention(week).labels([("RETENTION", "5")]);
    ts.create("named", named).await.unwrap();
    let info = ts.info("named").await.unwrap();
    assert_eq!(info.labels, [("RETENTION".to_owned(), Some("5".to_owned()))]);
    assert_eq!(u128::from(info.retention), week.as_millis());
    // Labels know no prefix of keys.
    let tenant = db.with_key_prefix("t:");
    let error = tenant.time_series().mget(filters(), SeriesOptions::new()).await.unwrap_err();
    assert!(error.is_rejected(), "{error}");
    let two = (tenant.time_series().add("k", 1, 1.0), tenant.time_series().get("k"));
    let (at, last) = pipeline(two).all().await.unwrap();
    assert_eq!((at, last.unwrap().value), (1, 1.0));
    assert!(db.exists(["t:k"]).await.unwrap() == 1);
    muxer.close().await;
}
