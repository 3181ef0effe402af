//! `matrix.md` names tests that exist, and gives a reason where it names none. `docs/parity.md` is made from it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What a note begins with where there is no test, or holds where something is left out.
const REASONS: [&str; 3] = ["**Not here**: ", "**Later**: ", "**Missing**: "];

const MATRIX: &str = "tests/parity/matrix.md";

/// What users of StackExchange.Redis read: the features without the tests, and without what follows them.
fn page(matrix: &str) -> String {
    let features = matrix.split_once("\n## Options\n").unwrap().1;
    let features = features.split_once("\n## Its mistakes\n").unwrap().0;
    let mut page = PAGE.to_owned();
    for line in features.lines() {
        match *line.trim_matches('|').split('|').collect::<Vec<_>>() {
            [feature, _, " shown by ", note] => {
                page += &format!("|{feature}| redmux |{note}|\n");
            }
            [feature, ours, _, note] => {
                let note = if note.trim() == "–" { " " } else { note };
                page += &format!("|{feature}|{ours}|{note}|\n");
            }
            _ => page += &format!("{line}\n"),
        }
    }
    page
}

/// The beginning of the page.
const PAGE: &str = "\
# StackExchange.Redis features and their redmux equivalents

Look up here what you use of StackExchange.Redis (.NET): each row names a feature as StackExchange.Redis does, and says what to use in redmux. It covers
version 3.1, and 3.2, 3.3 and the drafts of 4.0 where a row says so. To port code, start with
[from StackExchange.Redis](from-stackexchange-redis.md).

**Not here** means left out on purpose, **Later** planned, **Missing** not there yet. Tests show all other rows.

## Options
";

#[test]
fn the_page_for_users_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = page(&fs::read_to_string(root.join(MATRIX)).unwrap());
    let path = root.join("docs/parity.md");
    if std::env::var_os("REDMUX_WRITE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == page,
        "docs/parity.md is stale: REDMUX_WRITE_DOCS=1 cargo test -p redmux --test parity document"
    );
}

#[test]
fn every_row_names_a_test_or_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join(MATRIX)).unwrap();
    let rows = rows(&text);
    let mut files = BTreeMap::new();
    let faults: Vec<String> = rows.iter().filter_map(|row| fault(row, root, &mut files)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));

    let without = |reason: &str| {
        rows.iter().filter(|row| row[2] == "–" && row[3].starts_with(reason)).count()
    };
    let shown = rows.iter().filter(|row| row[2] != "–");
    let in_part = shown.clone().filter(|row| REASONS[1..].iter().any(|word| row[3].contains(word)));
    let [not_here, later, missing] = REASONS.map(without);
    let summary = format!(
        "{} rows: {} shown by tests ({} of them in part), {not_here} not here on purpose, {later} \
         later, {missing} missing.",
        rows.len(),
        shown.clone().count(),
        in_part.count()
    );
    assert!(text.contains(&summary), "the document should say: {summary}");
}

#[test]
fn faults_are_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let this = "`tests/parity/document.rs::faults_are_found`";
    for (tests, note, expected) in [
        (this, "–", None),
        ("–", "**Later**: one day", None),
        ("–", "–", Some("neither")),
        ("–", "**Later**: ", Some("neither")),
        ("–", "of course", Some("neither")),
        ("some test", "–", Some("expected `path::name`")),
        ("`tests/nowhere.rs::x`", "**Later**: one day", Some("no such file")),
        ("`tests/parity/document.rs::no_such_test`", "–", Some("no test")),
        // A function that is no test, and the beginning of a name.
        ("`tests/parity/document.rs::rows`", "–", Some("no test")),
        ("`tests/parity/document.rs::faults_are`", "–", Some("no test")),
    ] {
        let row = ["feature", "ours", tests, note].map(str::to_owned);
        let found = fault(&row, root, &mut BTreeMap::new());
        match expected {
            None => assert_eq!(found, None),
            Some(expected) => {
                assert!(found.clone().is_some_and(|f| f.contains(expected)), "{found:?}")
            }
        }
    }
}

type Row = [String; 4];

/// The rows of all tables, without their heads.
fn rows(text: &str) -> Vec<Row> {
    let mut lines = text.lines().enumerate().peekable();
    let mut rows = Vec::new();
    while let Some((number, line)) = lines.next() {
        if !line.starts_with('|') || line.starts_with("|---") {
            continue;
        }
        if lines.peek().is_some_and(|(_, next)| next.starts_with("|---")) {
            assert!(line.ends_with("| here | shown by | note |"), "line {}: {line}", number + 1);
            continue;
        }
        let cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
        let cells: Vec<String> = cells.collect();
        let row = Row::try_from(cells);
        rows.push(row.unwrap_or_else(|cells| panic!("line {}: {} cells", number + 1, cells.len())));
    }
    assert!(rows.len() > 100, "the document has its tables");
    rows
}

/// What is wrong with a row.
fn fault(row: &Row, root: &Path, files: &mut BTreeMap<PathBuf, Vec<String>>) -> Option<String> {
    let [feature, _, tests, note] = row;
    if tests == "–" {
        let given = REASONS
            .iter()
            .any(|reason| note.strip_prefix(reason).is_some_and(|rest| !rest.trim().is_empty()));
        return (!given).then(|| format!("{feature}: neither a test nor a reason"));
    }
    tests.split_whitespace().find_map(|cited| {
        let test = cited.strip_prefix('`').and_then(|cited| cited.strip_suffix('`'));
        let Some((path, name)) = test.and_then(|test| test.split_once("::")) else {
            return Some(format!("{feature}: {cited}: expected `path::name`"));
        };
        let path = root.join(path);
        if !files.contains_key(&path) {
            let Ok(source) = fs::read_to_string(&path) else {
                return Some(format!("{feature}: {cited}: no such file"));
            };
            files.insert(path.clone(), names_of_tests(&source));
        }
        let found = files[&path].iter().any(|test| test == name);
        (!found).then(|| format!("{feature}: {cited}: the file has no test of this name"))
    })
}

/// The functions right behind `#[test]` and its like.
fn names_of_tests(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[") && (line.ends_with("test]") || line.contains("::test(")) {
            marked = true;
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            let name = line.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
            if let Some((name, _)) = name.filter(|_| marked) {
                names.push(name.to_owned());
            }
            marked = false;
        }
    }
    names
}
