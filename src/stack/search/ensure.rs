//! An index as a program needs it.

use std::fmt;

use super::{
    Coordinates, Documents, Field, IndexAttribute, IndexInfo, Language, Schema, SearchCommands,
    schema::{Kind, Sortable, word_of},
};
use crate::{Result, resp::ServerErrorKind};

/// How often the server is looked at again, because others change the index meanwhile.
const ROUNDS: usize = 5;

/// What [`ensure`](SearchCommands::ensure) has found and done
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ensured {
    /// There was none, and now there is.
    Created,
    /// It was there as it is to be.
    Same,
    /// It lacked fields, which it has now.
    Altered,
    /// It is another one, in these ways, and was left as it was.
    Differs(Vec<Difference>),
}

/// How an index is another one than its schema says
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The name of the field; `None` for what is about the index as a whole.
    pub field: Option<String>,
    /// What is different, such as `prefixes` or `weight`.
    pub part: &'static str,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            None => f.write_str(self.part),
            Some(field) => write!(f, "{} of the field {field}", self.part),
        }
    }
}

impl SearchCommands<'_> {
    /// Makes the index if there is none, and adds fields that it lacks; never removes anything
    ///
    /// For the start of a program, of which several may start at the same time: what another one does meanwhile is no
    /// error. Fields that only the index has are left, and count as no difference, so that an older program can start
    /// again. What the server does not tell is not compared: phonetics, `TEMPORARY`, whether there are stop words at all,
    /// and with valkey-search all options of fields. For an index that [differs](Ensured::Differs), see
    /// [`rebuild`](Self::rebuild).
    ///
    /// ```no_run
    /// use redmux::stack::search::{Ensured, Schema, Text};
    ///
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let books = Schema::hash().prefix("book:").field(Text::new("title"));
    /// if let Ensured::Differs(differences) = db.search().ensure("books", &books).await? {
    ///     for difference in differences {
    ///         println!("the index of books is another one: {difference}");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`info`](Self::info), [`create`](Self::create) and [`alter`](Self::alter), but for an index that is missing,
    /// or was made meanwhile.
    pub async fn ensure(self, index: &str, schema: &Schema) -> Result<Ensured> {
        let mut done = Ensured::Same;
        for round in 1.. {
            let lost = match self.find(index).await? {
                None => match self.create(index, schema).await {
                    Ok(()) => return Ok(Ensured::Created),
                    Err(error) => error,
                },
                Some(info) => {
                    let (differences, added) = compare(schema, &info);
                    if !differences.is_empty() {
                        return Ok(Ensured::Differs(differences));
                    }
                    if added.is_empty() {
                        return Ok(done);
                    }
                    let mut lacking = Schema::of(schema.documents);
                    lacking.fields = added.into_iter().cloned().collect();
                    lacking.skip_initial_scan = schema.skip_initial_scan;
                    match self.alter(index, &lacking).await {
                        // Another look: others may have altered it, too, and another field.
                        Ok(()) => {
                            done = Ensured::Altered;
                            continue;
                        }
                        Err(error) => error,
                    }
                }
            };
            // Whether another program was faster shows by looking again.
            if round >= ROUNDS || !lost.is_server() {
                return Err(lost);
            }
        }
        Ok(done)
    }

    /// What the server knows about an index, if there is one of this name or alias.
    pub(super) async fn find(self, index: &str) -> Result<Option<IndexInfo>> {
        let error = match self.info(index).await {
            Ok(info) => return Ok(Some(info)),
            Err(error) => error,
        };
        let Some(server) = error.server() else { return Err(error) };
        let is_unclear = matches!(server.kind(), ServerErrorKind::Err | ServerErrorKind::Other);
        // Each version says in other words that there is none. If these are new ones, the list tells.
        match server.is_index_missing() {
            true => Ok(None),
            false if is_unclear && !self.list().await?.iter().any(|name| name == index) => Ok(None),
            false => Err(error),
        }
    }
}

/// How the index is another one, and which fields it lacks.
fn compare<'s>(schema: &'s Schema, info: &IndexInfo) -> (Vec<Difference>, Vec<&'s Field>) {
    // valkey-search tells little.
    let is_told = info.state.is_none() && info.backfill_in_progress.is_none();
    let mut differences: Vec<Difference> = of_index(schema, info, is_told)
        .into_iter()
        .filter(|(_, is_same)| !is_same)
        .map(|(part, _)| Difference { field: None, part })
        .collect();
    let mut lacking = Vec::new();
    for field in &schema.fields {
        let Some(attribute) = info.attribute(&field.name) else {
            lacking.push(field);
            continue;
        };
        let place = field.place_in(schema.documents) == attribute.identifier;
        let mut parts = vec![("place", place), ("type", field.kind.word() == attribute.kind)];
        if parts.iter().all(|(_, is_same)| *is_same) {
            parts.extend(of_vector(&field.kind, attribute));
            if is_told {
                parts.extend(of_options(field, schema, attribute));
            }
        }
        let other = parts.into_iter().filter(|(_, is_same)| !is_same);
        let name = || Some(field.name.clone());
        differences.extend(other.map(|(part, _)| Difference { field: name(), part }));
    }
    (differences, lacking)
}

/// What is compared, and whether it is the same
type Part = (&'static str, bool);

fn of_index(schema: &Schema, info: &IndexInfo, is_told: bool) -> Vec<Part> {
    let definition = &info.definition;
    let kind = definition.key_type.as_deref() == Some(schema.documents.word());
    let prefixes = || {
        let mut wanted: Vec<&str> = schema.prefixes.iter().map(|text| &**text).collect();
        if wanted.is_empty() {
            wanted.push("");
        }
        let mut found: Vec<&str> = definition.prefixes.iter().map(|text| &**text).collect();
        if found.is_empty() {
            found.push("");
        }
        wanted.sort_unstable();
        found.sort_unstable();
        wanted.dedup();
        found.dedup();
        wanted == found
    };
    let mut parts = vec![("type of documents", kind), ("prefixes", prefixes())];
    if !is_told {
        return parts;
    }
    let wanted = word_of(schema.language.unwrap_or(Language::English));
    let found = definition.language.as_deref().unwrap_or("english");
    // RediSearch 2.8 tells of Nepali as `napali`.
    let found = if found == "napali" { "nepali" } else { found };
    let language = found.eq_ignore_ascii_case(&wanted);
    let score = near(schema.score.unwrap_or(1.0), definition.score.unwrap_or(1.0));
    parts.extend([
        ("filter", schema.filter == definition.filter),
        ("language", language),
        ("language field", schema.language_field == definition.language_field),
        ("score", score),
        ("score field", schema.score_field == definition.score_field),
        ("payload field", schema.payload_field == definition.payload_field),
    ]);
    for (word, is_wanted) in schema.without.words() {
        let is_there = info.options.iter().any(|option| option == word);
        // The server takes this one by itself where fields are many.
        let is_usual = word == "MAXTEXTFIELDS" && is_there;
        parts.push((word, is_usual || is_wanted == is_there));
    }
    let wanted = schema.stop_words.as_deref().unwrap_or_default();
    let found = info.stop_words.as_deref().unwrap_or_default();
    let sorted = |list: &[String]| {
        let mut list: Vec<String> = list.iter().map(|word| word.to_lowercase()).collect();
        list.sort_unstable();
        list.dedup();
        list
    };
    parts.push(("stop words", sorted(wanted) == sorted(found)));
    parts
}

/// The options of a field, but for those of a vector.
fn of_options(field: &Field, schema: &Schema, attribute: &IndexAttribute) -> Vec<Part> {
    let is_json = schema.documents == Documents::Json;
    let mut parts = vec![
        ("sorting", field.sortable.is_some() == attribute.has("SORTABLE")),
        ("NOINDEX", field.no_index == attribute.has("NOINDEX")),
        ("empty values", field.empty == attribute.has("INDEXEMPTY")),
        ("missing values", field.missing == attribute.has("INDEXMISSING")),
    ];
    match &field.kind {
        Kind::Text { weight, no_stem, suffixes, .. } => parts.extend([
            ("weight", near(weight.unwrap_or(1.0), attribute.weight.unwrap_or(1.0))),
            ("stemming", *no_stem == attribute.has("NOSTEM")),
            ("suffixes", *suffixes == attribute.has("WITHSUFFIXTRIE")),
        ]),
        Kind::Tag { separator, case_sensitive, suffixes } => {
            let usual = if is_json { None } else { Some(',') };
            let wanted = separator.or(usual).map(String::from).unwrap_or_default();
            let found = attribute.separator.as_deref();
            parts.extend([
                ("separator", found.is_none_or(|found| found == wanted)),
                ("case", *case_sensitive == attribute.has("CASESENSITIVE")),
                ("suffixes", *suffixes == attribute.has("WITHSUFFIXTRIE")),
            ]);
        }
        Kind::GeoShape(coordinates) => {
            let wanted = word_of(coordinates.unwrap_or(Coordinates::Spherical));
            let found = attribute.detail("coord_system");
            parts.push(("coordinates", found.is_none_or(|found| found == wanted)));
        }
        Kind::Numeric | Kind::Geo | Kind::Vector(_) => {}
    }
    // The values of some are always kept as they are.
    let is_free = match &field.kind {
        Kind::Text { .. } => !is_json,
        Kind::Tag { case_sensitive, .. } => !is_json && !case_sensitive,
        _ => false,
    };
    if is_free {
        let is_kept = field.sortable == Some(Sortable::AsTheyAre);
        parts.push(("form for sorting", is_kept == attribute.has("UNF")));
    }
    parts
}

/// What a vector is made with, as far as the server tells it.
fn of_vector(kind: &Kind, attribute: &IndexAttribute) -> Vec<Part> {
    let Kind::Vector(vector) = kind else { return Vec::new() };
    let is_told = |names: &[&str], wanted: &str| {
        let found = names.iter().find_map(|name| attribute.detail(name));
        found.is_none_or(|found| found.eq_ignore_ascii_case(wanted))
    };
    let mut parts = vec![
        ("algorithm", is_told(&["algorithm"], vector.algorithm)),
        ("type of numbers", is_told(&["data_type"], &word_of(vector.numbers))),
        ("dimensions", is_told(&["dim", "dimensions"], &vector.dimensions.to_string())),
        ("distance", is_told(&["distance_metric"], &word_of(vector.distance))),
    ];
    // The last is what the server takes where nothing is said.
    for (word, names, part, usual) in [
        ("M", &["M", "m"][..], "M", "16"),
        ("EF_CONSTRUCTION", &["ef_construction"], "EF_CONSTRUCTION", "200"),
        (
            "CONSTRUCTION_WINDOW_SIZE",
            &["construction_window_size"],
            "CONSTRUCTION_WINDOW_SIZE",
            "200",
        ),
        ("GRAPH_MAX_DEGREE", &["graph_max_degree"], "GRAPH_MAX_DEGREE", "32"),
    ] {
        let wanted = vector.attribute(word).unwrap_or_else(|| usual.into());
        parts.push((part, is_told(names, &wanted)));
    }
    parts
}

/// Whether they are the same: the server keeps 32 bits of some numbers.
fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        resp::Frame,
        stack::search::{Distance, HnswVector, Numeric, Tag, VectorType},
    };

    /// What valkey-search says, from its source: lists in both protocols, texts for numbers, no options of fields.
    fn valkey() -> IndexInfo {
        let bulk = |text: &str| format!("${}\r\n{text}\r\n", text.len());
        let list = |items: &[String]| format!("*{}\r\n{}", items.len(), items.concat());
        let texts = |words: &str| words.split(' ').map(bulk).collect::<Vec<_>>();
        let mut vector = texts("identifier v attribute v type VECTOR index");
        let mut index =
            texts("capacity 10240 dimensions 3 distance_metric COSINE data_type FLOAT32 algorithm");
        index.push(list(&texts("name HNSW m 20 ef_construction 200")));
        vector.push(list(&index));
        let tag = list(&texts("identifier g attribute g type TAG SEPARATOR ;"));
        let mut definition = texts("key_type HASH prefixes");
        definition.push(list(&[bulk("p:")]));
        definition.extend(texts("default_score 1"));
        let mut all = texts("index_name i index_options");
        all.extend([list(&[]), bulk("index_definition"), list(&definition), bulk("attributes")]);
        all.push(list(&[list(&vector), tag]));
        all.extend(texts(
            "num_docs 2 backfill_in_progress 0 backfill_complete_percent 1.000000 state ready",
        ));
        Frame::copy_from_slice(list(&all).as_bytes()).decode().unwrap()
    }

    #[test]
    fn of_valkey_only_what_it_tells_is_compared() {
        let info = valkey();
        assert!(info.is_indexed() && info.num_docs == Some(2) && info.extra.is_empty(), "{info:?}");
        let vector = |dim, m| HnswVector::new("v", VectorType::Float32, dim, Distance::Cosine).m(m);
        let same = Schema::hash()
            .prefix("p:")
            .language(Language::German)
            .field(vector(3, 20))
            .field(Tag::new("g").case_sensitive().sortable());
        assert_eq!(compare(&same, &info).0, []);
        let other =
            Schema::hash().field(vector(4, 16)).field(Numeric::new("g")).field(Tag::new("n"));
        let (differences, lacking) = compare(&other, &info);
        let parts: Vec<String> = differences.iter().map(ToString::to_string).collect();
        let expected =
            ["prefixes", "dimensions of the field v", "M of the field v", "type of the field g"];
        assert_eq!(parts, expected);
        assert_eq!(lacking.len(), 1);
    }
}
