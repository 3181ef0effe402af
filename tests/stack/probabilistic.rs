//! Filters and sketches on Redis Stack, in both protocols.

use futures::{StreamExt, TryStreamExt, stream};
use redmux::{
    ConnectionMultiplexer, Options,
    options::Mode,
    pipeline,
    stack::{
        bloom::{BloomField, BloomInsertOptions, BloomOptions, FilterChunk},
        cuckoo::{CuckooInsertOptions, CuckooInserted, CuckooOptions},
        t_digest::{TDigestMergeOptions, TDigestRank},
        top_k::TopKOptions,
    },
};
use redmux_test_support::{RedisCluster, both};

use crate::{probabilistic_recorded::broken, programs, redis_stack};

#[async_std::test]
async fn a_bloom_filter_knows_what_was_added() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let bloom = db.bloom();
        bloom.reserve("b", 0.001, 1000).await.unwrap();
        assert!(bloom.reserve("b", 0.001, 1000).await.unwrap_err().is_server());
        assert!(bloom.add("b", "a").await.unwrap() && !bloom.add("b", "a").await.unwrap());
        let added = bloom.madd("b", ["a", "b", "c"]).await.unwrap();
        assert_eq!(added.into_flags(), Ok(vec![false, true, true]));
        assert!(bloom.exists("b", "b").await.unwrap() && !bloom.exists("b", "x").await.unwrap());
        assert!(!bloom.exists("none", "b").await.unwrap());
        assert_eq!(bloom.mexists("b", ["a", "x"]).await.unwrap(), [true, false]);
        assert_eq!((bloom.card("b").await.unwrap(), bloom.card("none").await.unwrap()), (3, 0));
        let info = bloom.info("b").await.unwrap();
        assert_eq!((info.capacity, info.filters, info.items), (1000, 1, 3));
        assert_eq!((info.expansion, info.error_rate), (Some(2), None));
        assert!(info.size > 1000);
        for (field, value) in [
            (BloomField::Capacity, Some(1000)),
            (BloomField::Size, Some(info.size)),
            (BloomField::Filters, Some(1)),
            (BloomField::Items, Some(3)),
            (BloomField::Expansion, Some(2)),
        ] {
            assert_eq!(bloom.info_of("b", field).await.unwrap().value, value, "{field:?}");
        }
        let options = BloomInsertOptions::new().capacity(77).error_rate(0.1).expansion(3);
        let added = bloom.insert("i", ["a"], options).await.unwrap();
        assert_eq!(added.into_flags(), Ok(vec![true]));
        let info = bloom.info("i").await.unwrap();
        assert_eq!((info.capacity, info.expansion), (77, Some(3)));
        let only = BloomInsertOptions::new().no_create();
        assert!(bloom.insert("none", ["a"], only).await.unwrap_err().is_server());
        let error = bloom.madd("b", ()).await.unwrap_err();
        assert!(error.is_rejected() && error.to_string().contains("BF.MADD"), "{error}");
    })
    .await;
}

#[async_std::test]
async fn a_bloom_filter_that_is_full_says_which_items_it_has() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let bloom = db.bloom();
        bloom.reserve_with("b", 0.001, 2, BloomOptions::new().nonscaling()).await.unwrap();
        assert_eq!(bloom.info("b").await.unwrap().expansion, None);
        assert_eq!(bloom.info_of("b", BloomField::Expansion).await.unwrap().value, None);
        let added = bloom.madd("b", ["1", "2", "3", "4"]).await.unwrap();
        assert_eq!((added.len(), &added[..2]), (3, &[Ok(true), Ok(true)][..]));
        assert!(added.error().unwrap().message().contains("full"));
        let added = bloom.insert("b", ["1", "5"], BloomInsertOptions::new()).await.unwrap();
        assert_eq!((added.len(), &added[0]), (2, &Ok(false)));
        assert!(added.into_flags().is_err());
        assert!(bloom.add("b", "6").await.unwrap_err().is_server());
        bloom.reserve_with("g", 0.001, 2, BloomOptions::new().expansion(4)).await.unwrap();
        assert_eq!(bloom.madd("g", ["1", "2", "3"]).await.unwrap().error(), None);
        let info = bloom.info("g").await.unwrap();
        assert_eq!((info.filters, info.capacity), (2, 10));
    })
    .await;
}

#[async_std::test]
async fn filters_are_dumped_and_loaded_in_chunks() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let items: Vec<u32> = (0..300).collect();
        db.bloom().reserve("b", 0.01, 100).await.unwrap();
        db.bloom().madd("b", &items).await.unwrap();
        let chunks: Vec<FilterChunk> = db.bloom().dump("b").try_collect().await.unwrap();
        assert!(chunks.len() > 2, "{chunks:?}");
        let first = db.bloom().scan_dump("b", 0).await.unwrap();
        assert_eq!(first.as_ref(), chunks.first());
        // From stored chunks, and from one server to another.
        let stored = stream::iter(chunks.clone()).map(Ok);
        db.bloom().load("stored", stored).await.unwrap();
        db.bloom().load("copy", db.bloom().dump("b")).await.unwrap();
        for key in ["stored", "copy"] {
            assert_eq!(db.bloom().mexists(key, &items).await.unwrap(), vec![true; 300]);
            assert_eq!(db.bloom().info(key).await.unwrap(), db.bloom().info("b").await.unwrap());
        }
        let again = db.bloom().load("copy", db.bloom().dump("b")).await;
        assert!(again.unwrap_err().is_server(), "there is such a key");
        let serialized = db.dump("b").await.unwrap().unwrap();
        db.restore("restored", None, serialized).await.unwrap();
        assert_eq!(db.bloom().mexists("restored", &items).await.unwrap(), vec![true; 300]);
        assert!(db.copy("b", "copied by COPY").await.unwrap_err().is_server());
        // The end of a dump that cannot begin, and of a load that cannot go on.
        let missing: Vec<_> = db.bloom().dump("none").collect().await;
        assert!(missing.len() == 1 && missing[0].as_ref().unwrap_err().is_server());
        let cut = stream::iter([Ok(FilterChunk::new(1, "garbage"))]);
        assert!(db.bloom().load("cut", cut).await.unwrap_err().is_server());

        db.cuckoo().reserve("c", 64).await.unwrap();
        let all = db.cuckoo().insert("c", &items, CuckooInsertOptions::new()).await.unwrap();
        assert_eq!(all, vec![CuckooInserted::Added; 300]);
        db.cuckoo().load("copied", db.cuckoo().dump("c")).await.unwrap();
        assert_eq!(db.cuckoo().mexists("copied", &items).await.unwrap(), vec![true; 300]);
        let again = db.cuckoo().load("copied", db.cuckoo().dump("c")).await;
        assert!(again.unwrap_err().is_server(), "there is such a key");
        assert!(db.cuckoo().scan_dump("c", 0).await.unwrap().is_some());
        db.cuckoo().reserve("empty", 64).await.unwrap();
        assert_eq!(db.cuckoo().dump("empty").count().await, 0);
        assert_eq!(db.cuckoo().scan_dump("empty", 0).await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn a_cuckoo_filter_counts_and_forgets() {
    use CuckooInserted::{Added, Full, Present};
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let cuckoo = db.cuckoo();
        cuckoo.reserve("c", 1000).await.unwrap();
        cuckoo.add("c", "a").await.unwrap();
        cuckoo.add("c", "a").await.unwrap();
        assert!(!cuckoo.add_nx("c", "a").await.unwrap() && cuckoo.add_nx("c", "b").await.unwrap());
        assert_eq!(cuckoo.count("c", "a").await.unwrap(), 2);
        assert!(cuckoo.del("c", "a").await.unwrap() && !cuckoo.del("c", "x").await.unwrap());
        assert_eq!(
            (cuckoo.count("c", "a").await.unwrap(), cuckoo.count("none", "a").await.unwrap()),
            (1, 0)
        );
        assert!(cuckoo.del("none", "a").await.unwrap_err().is_server());
        assert!(
            cuckoo.exists("c", "b").await.unwrap() && !cuckoo.exists("none", "b").await.unwrap()
        );
        assert_eq!(cuckoo.mexists("c", ["a", "x"]).await.unwrap(), [true, false]);
        let info = cuckoo.info("c").await.unwrap();
        assert_eq!((info.items, info.deleted, info.filters), (2, 1, 1));
        assert_eq!((info.bucket_size, info.expansion, info.max_iterations), (2, 1, 20));
        cuckoo.compact("c").await.unwrap();
        assert_eq!(cuckoo.info("c").await.unwrap().deleted, 0);
        let options = CuckooInsertOptions::new;
        let inserted = cuckoo.insert("c", ["a", "d"], options()).await.unwrap();
        assert_eq!(inserted, [Added, Added]);
        let inserted = cuckoo.insert_nx("c", ["a", "e"], options().no_create()).await.unwrap();
        assert_eq!(inserted, [Present, Added]);
        assert!(cuckoo.insert("none", ["a"], options().no_create()).await.unwrap_err().is_server());
        cuckoo.insert("i", ["a"], options().capacity(64)).await.unwrap();
        assert_eq!(cuckoo.info("i").await.unwrap().buckets, 32);

        let small = CuckooOptions::new().bucket_size(1).max_iterations(1).expansion(0);
        cuckoo.reserve_with("full", 8, small).await.unwrap();
        let items: Vec<u32> = (0..30).collect();
        let inserted = cuckoo.insert("full", &items, options()).await.unwrap();
        assert!(
            inserted.contains(&Added) && inserted.contains(&Full) && !inserted.contains(&Present)
        );
        let inserted = cuckoo.insert_nx("full", &[100, 101, 102], options()).await.unwrap();
        assert!(inserted.contains(&Full), "{inserted:?}");
        assert!(cuckoo.add("full", "more").await.unwrap_err().is_server());
    })
    .await;
}

#[async_std::test]
async fn a_count_min_sketch_counts() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let sketch = db.count_min();
        sketch.init_by_dim("c", 2000, 5).await.unwrap();
        let counts = sketch.incr_by("c", [("a", 1), ("b", 5)]).await.unwrap();
        assert_eq!(counts, [Ok(1), Ok(5)]);
        assert_eq!(sketch.query("c", ["a", "b", "x"]).await.unwrap(), [1, 5, 0]);
        let counts = sketch.incr_by("c", [("big", u32::MAX), ("a", 1)]).await.unwrap();
        assert!(counts[0].as_ref().is_err_and(|error| error.message().contains("overflow")));
        assert_eq!(counts[1], Ok(2), "the items behind it are counted");
        let info = sketch.info("c").await.unwrap();
        assert_eq!((info.width, info.depth), (2000, 5));
        assert_eq!(info.count, 7 + u64::from(u32::MAX));
        sketch.init_by_prob("p", 0.001, 0.01).await.unwrap();
        assert_eq!(sketch.info("p").await.unwrap().width, 2000);
        for key in ["m1", "m2", "sum"] {
            sketch.init_by_dim(key, 100, 4).await.unwrap();
        }
        sketch.incr_by("m1", [("a", 1), ("b", 2)]).await.unwrap();
        sketch.incr_by("m2", [("a", 10)]).await.unwrap();
        sketch.merge("sum", ["m1", "m2"]).await.unwrap();
        assert_eq!(sketch.query("sum", ["a", "b"]).await.unwrap(), [11, 2]);
        sketch.merge_weighted("sum", [("m1", 1), ("m2", 3)]).await.unwrap();
        assert_eq!(sketch.query("sum", ["a", "b"]).await.unwrap(), [31, 2]);
        let nothing: [(&str, i64); 0] = [];
        for error in [
            sketch.merge("sum", ()).await.unwrap_err(),
            sketch.merge_weighted("sum", nothing).await.unwrap_err(),
            sketch.incr_by("c", ["a"]).await.unwrap_err(),
        ] {
            assert!(error.is_rejected(), "{error}");
        }
    })
    .await;
}

#[async_std::test]
async fn a_top_k_list_has_the_most_frequent_items() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let top = db.top_k();
        top.reserve("k", 2).await.unwrap();
        let expelled = top.add::<String>("k", ["a", "b"]).await.unwrap();
        assert_eq!(expelled, [None, None]);
        let expelled = top.incr_by::<String, _>("k", [("b", 5), ("c", 100_000)]).await.unwrap();
        assert_eq!(expelled, [None, Some("a".to_owned())]);
        assert_eq!(top.query("k", ["a", "b", "c"]).await.unwrap(), [false, true, true]);
        assert_eq!(top.list::<String>("k").await.unwrap(), ["c", "b"]);
        let all = top.list_with_count::<String>("k").await.unwrap();
        assert_eq!(all, [("c".to_owned(), 100_000), ("b".to_owned(), 6)]);
        assert_eq!(top.count("k", ["b", "x"]).await.unwrap(), [6, 0]);
        let options = TopKOptions::new().width(50).depth(4).decay(0.95);
        top.reserve_with("o", 9, options).await.unwrap();
        let info = top.info("o").await.unwrap();
        assert_eq!((info.k, info.width, info.depth, info.decay), (9, 50, 4, 0.95));
        top.reserve_with("d", 9, TopKOptions::new()).await.unwrap();
        top.reserve("e", 9).await.unwrap();
        assert_eq!(top.info("d").await.unwrap(), top.info("e").await.unwrap());
        assert_eq!(top.list::<String>("e").await.unwrap(), [""; 0]);
    })
    .await;
}

#[async_std::test]
async fn what_breaks_the_framing_of_a_server_is_refused() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        db.top_k().reserve("k", 3).await.unwrap();
        let mut refused = 0;
        for broken in broken() {
            let words = &broken.words;
            let call = db.execute::<redmux::resp::Value>(words[0].clone(), &words[1..]);
            match call.await {
                Err(error) if error.is_rejected() => refused += 1,
                other => assert!(broken.is_framed(), "{words:?}: {other:?}"),
            }
        }
        assert!(refused >= 10, "{refused}");
        let error = db.top_k().incr_by::<String, _>("k", [("a", 100_001), ("b", 1)]).await;
        assert!(error.unwrap_err().is_rejected());
        let none: [(&str, u32); 0] = [];
        assert!(db.top_k().incr_by::<String, _>("k", none).await.unwrap_err().is_rejected());
        // Each later reply goes to its command.
        for number in 0..20 {
            db.set("n", number).await.unwrap();
            assert_eq!(db.get::<u32>("n").await.unwrap(), Some(number));
        }
    })
    .await;
}

#[async_std::test]
async fn a_t_digest_has_quantiles_and_ranks() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let digest = db.t_digest();
        digest.create("t").await.unwrap();
        assert!(digest.min("t").await.unwrap().is_nan() && digest.max("t").await.unwrap().is_nan());
        assert!(digest.quantile("t", [0.5]).await.unwrap()[0].is_nan());
        assert!(digest.trimmed_mean("t", 0.1, 0.9).await.unwrap().is_nan());
        assert_eq!(digest.rank("t", [1]).await.unwrap(), [TDigestRank::Empty]);
        digest.add("t", [1.0, 2.0, 2.0, 3.5, -7.0, 1e10]).await.unwrap();
        assert_eq!((digest.min("t").await.unwrap(), digest.max("t").await.unwrap()), (-7.0, 1e10));
        assert_eq!(digest.quantile("t", [0.0, 0.5, 1.0]).await.unwrap(), [-7.0, 2.0, 1e10]);
        assert_eq!(digest.cdf("t", [-100.0, 2.0, 1e11]).await.unwrap(), [0.0, 0.5, 1.0]);
        use TDigestRank::{At, Outside};
        let ranks = digest.rank("t", [-100.0, 2.0, 1e11]).await.unwrap();
        assert_eq!(ranks, [Outside, At(3), At(6)]);
        let ranks = digest.rev_rank("t", [-100.0, 2.0, 1e11]).await.unwrap();
        assert_eq!(ranks, [At(6), At(3), Outside]);
        assert_eq!((ranks[0].at(), ranks[2].at()), (Some(6), None));
        assert_eq!(digest.by_rank("t", [0, 99]).await.unwrap(), [-7.0, f64::INFINITY]);
        assert_eq!(digest.by_rev_rank("t", [0, 99]).await.unwrap(), [1e10, f64::NEG_INFINITY]);
        let error = digest.add("t", [f64::NAN]).await.unwrap_err();
        assert!(error.is_server(), "{error}");
        digest.create_with("u", 200).await.unwrap();
        digest.add("u", [10, 20]).await.unwrap();
        assert_eq!(digest.trimmed_mean("u", 0.0, 1.0).await.unwrap(), 15.0);
        let info = digest.info("u").await.unwrap();
        assert_eq!((info.compression, info.observations), (200, 2));
        assert!(info.memory > 0 && info.capacity > 0);
        digest.merge("sum", ["t", "u"]).await.unwrap();
        assert_eq!(digest.info("sum").await.unwrap().observations, 8);
        digest.merge("sum", ["u"]).await.unwrap();
        assert_eq!(digest.info("sum").await.unwrap().observations, 10, "it adds");
        let options = TDigestMergeOptions::new().compression(50).replace();
        digest.merge_with("sum", ["u"], options).await.unwrap();
        let info = digest.info("sum").await.unwrap();
        assert_eq!((info.compression, info.observations), (50, 2));
        digest.reset("sum").await.unwrap();
        assert_eq!(digest.info("sum").await.unwrap().observations, 0);
        assert!(digest.min("none").await.unwrap_err().is_server());
        assert!(digest.merge("sum", ()).await.unwrap_err().is_rejected());
    })
    .await;
}

#[async_std::test]
async fn they_are_calls_like_any_other_and_all_keys_have_the_prefix() {
    both(&redis_stack(), async |_, muxer| {
        let db = muxer.database();
        let (is_new, count, ()) =
            pipeline((db.bloom().add("b", 1), db.bloom().card("b"), db.cuckoo().add("c", 1)))
                .all()
                .await
                .unwrap();
        assert_eq!((is_new, count), (true, 1));
        let (added, there) = db
            .transaction((db.bloom().madd("b", [1, 2]), db.bloom().mexists("b", [2, 3])))
            .all()
            .await
            .unwrap();
        assert_eq!((added.into_flags(), there), (Ok(vec![false, true]), vec![true, false]));

        let tenant = db.with_key_prefix("t:");
        for key in ["a", "b", "sum"] {
            tenant.count_min().init_by_dim(key, 100, 4).await.unwrap();
        }
        tenant.count_min().incr_by("a", [("a", 7)]).await.unwrap();
        tenant.count_min().merge("sum", ["a", "b"]).await.unwrap();
        tenant.count_min().merge_weighted("sum", [("a", 2), ("b", 1)]).await.unwrap();
        assert_eq!(db.count_min().query("t:sum", ["a"]).await.unwrap(), [14]);
        for key in ["x", "y"] {
            tenant.t_digest().create(key).await.unwrap();
            tenant.t_digest().add(key, [1]).await.unwrap();
        }
        tenant.t_digest().merge("all", ["x", "y"]).await.unwrap();
        assert_eq!(db.t_digest().info("t:all").await.unwrap().observations, 2);
        tenant.bloom().add("f", "item").await.unwrap();
        tenant.bloom().load("g", tenant.bloom().dump("f")).await.unwrap();
        assert!(db.bloom().exists("t:g", "item").await.unwrap());
        tenant.top_k().reserve("k", 3).await.unwrap();
        tenant.top_k().add::<String>("k", ["item"]).await.unwrap();
        assert_eq!(db.top_k().list::<String>("t:k").await.unwrap(), ["item"]);
        tenant.cuckoo().add("c", "item").await.unwrap();
        assert!(db.cuckoo().exists("t:c", "item").await.unwrap());
        assert_eq!(db.exists(["a", "x", "f", "k", "sum", "all", "g"]).await.unwrap(), 0);
    })
    .await;
}

#[async_std::test]
async fn what_merges_keys_of_several_slots_is_refused_and_nothing_is_sent() {
    let cluster =
        RedisCluster::builder().replicas(0).program(programs().redis_stack()).start().unwrap();
    let options = Options::new(cluster.nodes()[0].addr().to_string()).mode(Mode::Cluster);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    for key in ["a", "b", "c", "{a}1", "{a}2"] {
        db.count_min().init_by_dim(key, 100, 4).await.unwrap();
    }
    for key in ["ta", "tb", "{ta}1"] {
        db.t_digest().create(key).await.unwrap();
        db.t_digest().add(key, [1, 2]).await.unwrap();
    }
    for error in [
        db.count_min().merge("a", ["b", "c"]).await.unwrap_err(),
        db.count_min().merge("a", ["{a}1", "b"]).await.unwrap_err(),
        db.count_min().merge_weighted("a", [("b", 1)]).await.unwrap_err(),
        db.t_digest().merge("ta", ["tb"]).await.unwrap_err(),
        db.t_digest().merge("tc", ["ta", "tb"]).await.unwrap_err(),
    ] {
        assert!(error.is_rejected() && error.to_string().contains("CROSSSLOT"), "{error}");
        assert_eq!(error.delivery(), redmux::Delivery::NotSent);
    }
    db.count_min().merge("a", ["{a}1", "{a}2"]).await.unwrap();
    db.t_digest().merge("{ta}sum", ["ta", "{ta}1"]).await.unwrap();
    assert_eq!(db.t_digest().info("{ta}sum").await.unwrap().observations, 4);
    for key in 0..20 {
        let key = format!("filter:{key}");
        db.bloom().madd(&key, [1, 2, 3]).await.unwrap();
        let copy = format!("copy:{key}");
        db.bloom().load(&copy, db.bloom().dump(&key)).await.unwrap();
        assert_eq!(db.bloom().mexists(&copy, [1, 2, 3]).await.unwrap(), [true; 3]);
    }
    muxer.close().await;
}
