use std::time::Duration;

use serde_json::Value as Json;

use super::*;

fn texts(schema: &Schema) -> Vec<String> {
    let words = schema.words();
    words.iter().map(|word| String::from_utf8_lossy(word.as_bytes()).into_owned()).collect()
}

fn words(schema: &Schema) -> String {
    texts(schema).join(" ")
}

fn fields(schema: &Schema) -> String {
    let words = words(schema);
    words.split_once(" SCHEMA ").unwrap().1.to_owned()
}

fn fault(schema: Schema) -> String {
    schema.fault().expect("a fault")
}

/// What follows `SCHEMA` in the commands that Redis Stack 7.4 has taken.
fn accepted() -> Vec<String> {
    let recorded = include_str!("../../../../tests/stack/recorded/search.jsonl");
    let lines = recorded.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let taken =
        lines.filter(|line| line["resp2"]["+"] == "OK" && line["command"][0] == "FT.CREATE");
    let text = |line: Json| {
        let words = line["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
        let words: Vec<&str> = words.skip_while(|word| *word != "SCHEMA").skip(1).collect();
        words.join(" ")
    };
    taken.map(text).collect()
}

#[test]
fn fields_are_written_as_servers_have_taken_them() {
    let accepted = accepted();
    let flat = |name: &str, numbers, distance| FlatVector::new(name, numbers, 2, distance);
    for schema in [
        Schema::hash()
            .field(Text::new("title").sortable().weight(5.0))
            .field(Text::new("body").no_stem())
            .field(Numeric::new("price").sortable())
            .field(Tag::new("tags").separator(';'))
            .field(Geo::new("loc"))
            .field(Tag::new("k").at("kind").sortable_as_is().case_sensitive()),
        Schema::hash().field(Numeric::new("a")).field(Text::new("t").suffixes()),
        Schema::json()
            .field(Text::new("name"))
            .field(Numeric::new("price").sortable())
            .field(Tag::new("tags").at("$.tags[*]"))
            .field(Numeric::new("n").at("nested.n"))
            .field(Tag::new("flag"))
            .field(Numeric::new("many").at(".many[*].v")),
        Schema::hash()
            .field(flat("flat", VectorType::Float32, Distance::L2).initial_capacity(5))
            .field(HnswVector::new("hnsw", VectorType::Float64, 2, Distance::Cosine))
            .field(flat("half", VectorType::Float16, Distance::InnerProduct))
            .field(flat("brain", VectorType::BFloat16, Distance::L2))
            .field(Tag::new("cat")),
    ] {
        let written = fields(&schema);
        assert!(accepted.contains(&written), "{written}\n{accepted:#?}");
    }
}

#[test]
fn options_are_written_in_the_order_of_the_servers() {
    let schema = Schema::hash()
        .index_all(true)
        .skip_initial_scan()
        .stop_words(["der", "die"])
        .no_frequencies()
        .no_fields()
        .no_highlights()
        .no_offsets()
        .temporary(Duration::from_millis(1500))
        .max_text_fields()
        .payload_field("p")
        .score_field("s")
        .score(0.5)
        .language_field("l")
        .language(Language::German)
        .filter("@a>5")
        .prefix("a:")
        .prefix("b:")
        .field(Text::new("a"));
    assert_eq!(
        words(&schema),
        "ON HASH PREFIX 2 a: b: FILTER @a>5 LANGUAGE german LANGUAGE_FIELD l SCORE 0.5 SCORE_FIELD s PAYLOAD_FIELD p \
         MAXTEXTFIELDS TEMPORARY 2 NOOFFSETS NOHL NOFIELDS NOFREQS STOPWORDS 2 der die SKIPINITIALSCAN INDEXALL ENABLE \
         SCHEMA a TEXT"
    );
    let none = Schema::json().no_stop_words().index_all(false).field(Geo::new("a"));
    assert_eq!(words(&none), "ON JSON STOPWORDS 0 INDEXALL DISABLE SCHEMA $.a AS a GEO");
}

#[test]
fn options_of_a_field_have_one_order_whatever_the_calls() {
    let text = Text::new("t").no_index().sortable_as_is().suffixes().no_stem().weight(0.5);
    let tag = Tag::new("g").missing().sortable().empty().case_sensitive();
    let shape = GeoShape::new("s").missing().flat();
    let schema = Schema::hash()
        .field(text.phonetic(Phonetic::French))
        .field(tag.separator('|').suffixes())
        .field(shape)
        .field(Numeric::new("n").no_index().sortable().missing());
    assert_eq!(
        fields(&schema),
        "t TEXT WEIGHT 0.5 NOSTEM PHONETIC dm:fr WITHSUFFIXTRIE SORTABLE UNF NOINDEX \
         g TAG SEPARATOR | CASESENSITIVE WITHSUFFIXTRIE INDEXEMPTY INDEXMISSING SORTABLE \
         s GEOSHAPE FLAT INDEXMISSING n NUMERIC INDEXMISSING SORTABLE NOINDEX"
    );
}

#[test]
fn attributes_of_vectors_are_counted() {
    let hnsw = HnswVector::new("h", VectorType::Float32, 384, Distance::Cosine);
    let hnsw = hnsw.m(8).m(16).ef_construction(100).ef_runtime(20).epsilon(0.1).initial_capacity(9);
    let flat = FlatVector::new("f", VectorType::UInt8, 3, Distance::L2).block_size(64).missing();
    let svs = VamanaVector::new("s", VectorType::Float16, 2, Distance::InnerProduct)
        .compression(Compression::LeanVec4x8)
        .construction_window_size(5)
        .graph_max_degree(6)
        .search_window_size(7)
        .epsilon(0.0)
        .training_threshold(2048)
        .reduce(1);
    let schema = Schema::hash().field(hnsw).field(flat).field(svs);
    assert_eq!(schema.fault(), None);
    assert_eq!(
        fields(&schema),
        "h VECTOR HNSW 16 TYPE FLOAT32 DIM 384 DISTANCE_METRIC COSINE M 16 EF_CONSTRUCTION 100 EF_RUNTIME 20 EPSILON 0.1 \
         INITIAL_CAP 9 f VECTOR FLAT 8 TYPE UINT8 DIM 3 DISTANCE_METRIC L2 BLOCK_SIZE 64 INDEXMISSING \
         s VECTOR SVS-VAMANA 20 TYPE FLOAT16 DIM 2 DISTANCE_METRIC IP COMPRESSION LeanVec4x8 CONSTRUCTION_WINDOW_SIZE 5 \
         GRAPH_MAX_DEGREE 6 SEARCH_WINDOW_SIZE 7 EPSILON 0 TRAINING_THRESHOLD 2048 REDUCE 1"
    );
}

#[test]
fn places_of_json_documents_are_paths() {
    let place = |field: Text| Field::from(field).place_in(Documents::Json);
    for (field, path) in [
        (Text::new("title"), "$.title"),
        (Text::new("a b"), r#"$["a b"]"#),
        (Text::new("a.b"), r#"$["a.b"]"#),
        (Text::new("größe"), r#"$["größe"]"#),
        (Text::new("7"), r#"$["7"]"#),
        (Text::new(r#"a"\"#), r#"$["a\"\\"]"#),
        (Text::new("x").at("a.b"), "$.a.b"),
        (Text::new("x").at("[0]"), "$[0]"),
        (Text::new("x").at("$..b"), "$..b"),
    ] {
        assert_eq!(place(field), path);
    }
    assert_eq!(Field::from(Text::new("x").at("y z")).place_in(Documents::Hash), "y z");
    assert_eq!(fields(&Schema::hash().field(Text::new("x").at("x"))), "x TEXT");
}

#[test]
fn a_field_named_like_an_option_is_sent_where_it_is_none() {
    let schema = Schema::hash()
        .field(Text::new("title"))
        .field(Numeric::new("weight"))
        .field(Tag::new("separator").sortable())
        .field(Text::new("as"))
        .field(Text::new("text"));
    assert_eq!(schema.fault(), None);
    assert_eq!(
        fields(&schema),
        "weight NUMERIC separator TAG SORTABLE title TEXT as TEXT text TEXT"
    );
    let clash = Schema::hash().field(Tag::new("NoIndex")).field(Tag::new("Sortable"));
    assert!(fault(clash).contains("options"));
    let path = Schema::json().field(Text::new("title")).field(Numeric::new("weight"));
    assert_eq!(
        (path.fault(), &*fields(&path)),
        (None, "$.title AS title TEXT $.weight AS weight NUMERIC")
    );
}

#[test]
fn what_servers_would_not_take_is_a_fault_without_the_value() {
    let secret = "secret\0";
    let vector = |numbers, dim| FlatVector::new("v", numbers, dim, Distance::L2);
    let vamana = |numbers| VamanaVector::new("v", numbers, 2, Distance::L2);
    let hnsw = || HnswVector::new("v", VectorType::Float32, 2, Distance::L2);
    let one = || Schema::hash().field(Text::new("a"));
    for (schema, part) in [
        (Schema::hash(), "empty"),
        (one().field(Tag::new("b")).field(Tag::new("a")), "field 3"),
        (one().field(Tag::new("")), "field 2"),
        (one().field(Tag::new(secret)), "NUL"),
        (one().field(Tag::new("secret\n")), "line end"),
        (one().field(Tag::new("b").at("")), "place"),
        (one().filter("@a>1 &&\r\n@b<2"), "line end"),
        (one().field(vector(VectorType::Float32, 0)), "no dimensions"),
        (one().field(vector(VectorType::Float32, 1).block_size(0)), "0"),
        (one().field(hnsw().m(0)), "0"),
        (one().field(hnsw().epsilon(-1.0)), "negative"),
        (one().field(hnsw().epsilon(f64::NAN)), "no number"),
        (one().field(vamana(VectorType::Int8)), "FLOAT16"),
        (one().field(vamana(VectorType::Float32).reduce(1)), "LeanVec"),
        (one().field(vamana(VectorType::Float32).training_threshold(9)), "compression"),
        (one().field(Text::new("b").weight(-1.0)), "weight"),
        (one().field(Text::new("b").weight(f64::INFINITY)), "weight"),
        (one().field(Tag::new("b").separator('ä')), "ASCII"),
        (one().field(Tag::new("b").no_index().missing()), "not indexed"),
        (one().score(1.5), "score"),
        (one().score(f64::NAN), "score"),
        (one().temporary(Duration::ZERO), "no time"),
        (one().filter(""), "filter"),
        (one().prefix(secret), "prefix"),
        (one().stop_words(["a", ""]), "stop word"),
        (one().score_field(""), "payload"),
        (Schema::json().field(Text::new("a")).payload_field("p"), "hashes"),
    ] {
        let fault = fault(schema);
        assert!(fault.contains(part) && !fault.contains("secret"), "{fault}");
    }
    assert_eq!(one().fault(), None);
    assert_eq!(one().no_stop_words().score(0.0).prefix("").fault(), None);
}

#[test]
fn each_count_is_that_of_the_words_behind_it() {
    // All subsets of the attributes of a graph.
    for chosen in 0..32_u32 {
        let mut vector = HnswVector::new("v", VectorType::Float32, 2, Distance::L2);
        let is = |bit: u32| chosen & (1 << bit) != 0;
        if is(0) {
            vector = vector.m(1);
        }
        if is(1) {
            vector = vector.ef_construction(2);
        }
        if is(2) {
            vector = vector.ef_runtime(3);
        }
        if is(3) {
            vector = vector.epsilon(0.5);
        }
        if is(4) {
            vector = vector.initial_capacity(4);
        }
        let schema = Schema::hash().field(vector).field(Tag::new("last"));
        let words = texts(&schema);
        let at = words.iter().position(|word| word == "HNSW").unwrap();
        let count: usize = words[at + 1].parse().unwrap();
        assert_eq!(words[at + 2 + count..], ["last", "TAG"], "{words:?}");
    }
}
