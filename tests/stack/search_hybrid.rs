//! Hybrid queries as Redis 8.4 takes and answers them: no such server is at hand.

use std::sync::{Arc, Mutex};

use redmux::{
    Result,
    resp::{FromReply, Value},
    stack::search::{
        Explanation, Filter, Hybrid, HybridPage, Profiled, TagField, TextField, VectorField,
    },
};

use crate::{
    recordings::{Recorded, read},
    scripted::scripted,
};

fn recorded() -> Vec<Recorded> {
    let all = read(include_str!("recorded/search-new.derived.jsonl"));
    all.into_iter().filter(|line| line.words[0] == "FT.HYBRID").collect()
}

/// What a server says to the command with this word, over both protocols.
fn pages<T: FromReply>(word: &str) -> [HybridPage<T>; 2] {
    let recorded = recorded();
    let line = recorded.iter().find(|line| line.words.iter().any(|other| other == word)).unwrap();
    [line.resp2.decode().unwrap(), line.resp3.decode().unwrap()]
}

#[derive(Debug, PartialEq, FromReply)]
struct Row {
    __key: String,
    __score: f64,
}

#[derive(Debug, PartialEq, FromReply)]
struct Titled {
    title: String,
    __key: String,
}

#[test]
fn pages_are_what_the_server_says() {
    assert_eq!(recorded().len(), 7);
    for page in pages::<Row>("lamp") {
        let best = Row { __key: "book:1".into(), __score: 0.032_786_885_245_9 };
        assert_eq!((page.total, page.rows.len(), &page.rows[0]), (2, 2, &best));
        assert_eq!((page.gone, page.is_partial(), page.took), (0, false, Some(0.41)));
    }
    for page in pages::<Titled>("@title") {
        let row = Titled { title: "The red lamp".into(), __key: "book:1".into() };
        assert_eq!((page.total, page.rows), (1, vec![row]));
    }
    for page in pages::<Vec<(String, String)>>("@nothere") {
        assert_eq!((page.rows, page.gone), (vec![Vec::new()], 0));
    }
    for page in pages::<Row>("TIMEOUT") {
        assert!(page.is_partial() && page.rows.is_empty());
        assert_eq!(page.warnings[0], "Timeout limit was reached (SEARCH)");
    }
    for page in pages::<Vec<(String, Value)>>("EXPLAINSCORE") {
        let row = &page.rows[0];
        assert_eq!((&*row[0].0, row.len()), ("score", 3));
    }
}

#[derive(FromReply)]
struct Scored {
    score: (f64, Explanation),
}

#[test]
fn an_explanation_is_a_property() {
    for page in pages::<Scored>("EXPLAINSCORE") {
        let (score, explanation) = &page.rows[0].score;
        assert_eq!((*score, &*explanation.text), (0.5, "final score"));
        assert_eq!(explanation.parts[0].text, "text rank = 1");
    }
}

const TITLE: TextField = TextField::new("title");
const GENRE: TagField = TagField::new("genre");
const MOOD: VectorField = VectorField::new("mood");

/// A page whose second document is gone.
const PAGE: &str = "%4\r\n+total_results\r\n:2\r\n+results\r\n*2\r\n%2\r\n$5\r\n__key\r\n$8\r\none:b:1\"\r\n\
    $7\r\n__score\r\n$3\r\n0.5\r\n_\r\n+warnings\r\n*0\r\n+execution_time\r\n,0.5\r\n";

#[test]
fn one_command_is_sent_whose_keys_keep_to_the_prefix() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sent = seen.clone();
    let answer = move |words: &[String]| {
        sent.lock().unwrap().push(words.join(" "));
        PAGE.to_owned()
    };
    scripted(answer, async |muxer| {
        let db = muxer.database().with_key_prefix("one:");
        let words = TITLE.words("lamp\" | @x:{") & GENRE.is("no} VSIM");
        let hybrid = Hybrid::new(words, MOOD.nearest(3, b"v\n\r\0".as_slice())).score_as("VSIM");
        let page: HybridPage<Row> = db.search().hybrid("books", hybrid).await.unwrap();
        assert_eq!((page.rows[0].__key.as_str(), page.rows.len(), page.gone), ("b:1\"", 1, 1));
    });
    let seen = seen.lock().unwrap();
    assert_eq!(
        *seen,
        ["FT.HYBRID one:books SEARCH @title:(lamp x) @genre:{$p0} VSIM @mood $p1 KNN 2 K 3 \
          COMBINE RRF 2 YIELD_SCORE_AS VSIM PARAMS 4 p0 no} VSIM p1 v\n\r\0"]
    );
}

/// A page with its profile, whose shard has one for each query.
const PROFILED: &str = "%2\r\n+Results\r\n%4\r\n+total_results\r\n:0\r\n+results\r\n*0\r\n+warnings\r\n*0\r\n\
    +execution_time\r\n,0.5\r\n+Profile\r\n%2\r\n+Shards\r\n*1\r\n%2\r\n+SEARCH\r\n%3\r\n+Total profile time\r\n,0.25\r\n\
    +Warning\r\n*1\r\n+None\r\n+Iterators profile\r\n%2\r\n+Type\r\n+TEXT\r\n+Term\r\n+lamp\r\n+VSIM\r\n%2\r\n+Iterators profile\r\n\
    %2\r\n+Type\r\n+VECTOR\r\n+Vector search mode\r\n+STANDARD_KNN\r\n+Result processors profile\r\n*1\r\n%2\r\n+Type\r\n+Index\r\n\
    +Results processed\r\n:4\r\n+Coordinator\r\n%1\r\n+Warning\r\n*1\r\n+None\r\n";

#[test]
fn a_profile_has_what_each_of_both_queries_did() {
    let answer = |words: &[String]| {
        assert_eq!(
            words.join(" "),
            "FT.PROFILE books HYBRID QUERY SEARCH @title:(lamp) VSIM @mood $p0 KNN 2 K 3 PARAMS 2 p0 v"
        );
        PROFILED.to_owned()
    };
    scripted(answer, async |muxer| {
        let hybrid = Hybrid::new(TITLE.words("lamp"), MOOD.nearest(3, b"v".as_slice()));
        let db = muxer.database();
        let found: Profiled<HybridPage<Row>> =
            db.search().profile_hybrid("books", hybrid).await.unwrap();
        assert_eq!((found.results.total, found.results.took), (0, Some(0.5)));
        let [shard] = &found.profile.shards[..] else { panic!("{found:?}") };
        let [(search, words), (vsim, vectors)] = &shard.queries[..] else { panic!("{shard:?}") };
        assert_eq!((&**search, &**vsim, shard.extra.len()), ("SEARCH", "VSIM", 0));
        assert_eq!((words.total_time(), words.warnings.len()), (Some(0.25), 0));
        assert_eq!(words.iterators.as_ref().unwrap().term.as_deref(), Some("lamp"));
        assert_eq!(vectors.iterators.as_ref().unwrap().kind, "VECTOR");
        assert_eq!(vectors.processors[0].count, Some(4));
    });
}

#[test]
fn what_no_server_could_read_is_not_sent() {
    scripted(
        |words| panic!("{words:?}"),
        async |muxer| {
            let db = muxer.database();
            let hybrid = Hybrid::new(!Filter::all(), MOOD.nearest(3, &[1_u8])).score_as("secret");
            let page: Result<HybridPage<Row>> = db.search().hybrid("secret", hybrid).await;
            let error = page.unwrap_err();
            assert!(error.is_rejected() && !error.to_string().contains("secret"), "{error}");
        },
    );
}

/// A server without the command says so, and the connection goes on.
#[async_std::test]
async fn a_server_that_does_not_know_it_says_so() {
    crate::everywhere(async |db, version| {
        let hybrid = Hybrid::new(Filter::all(), MOOD.nearest(3, &[1.0_f32]));
        let page: Result<HybridPage<Row>> = db.search().hybrid("none", hybrid).await;
        let error = page.unwrap_err();
        assert_eq!(
            error.server().unwrap().missing_module(),
            Some("RediSearch"),
            "{version}: {error}"
        );
    })
    .await;
}
