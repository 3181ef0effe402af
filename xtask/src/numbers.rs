//! Whether each number in a document that can grow old is dated or held by the code: a test, which `cargo xtask test` runs.
//!
//! Looked at are ratios, times, sizes, rates and counts of instructions: `2.06 ×`, `15 µs`, `130 KB`. For each one,
//! its section (from heading to heading) or the head of its page has a day or month and says how it was measured, or
//! the section links to a page of figures, one of which has the same number. The others are constants: `numbers.txt`
//! names the line of code that holds each.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::documents::{Document, all, is_day, without_blocks};
use crate::exec::Result;

mod line;

use line::{Number, numbers};

const LIST: &str = include_str!("numbers.txt");

/// Pages that are made from the code, and what they are made of
const GENERATED: &[&str] =
    &["docs/commands.md", "docs/options.md", "src/options/options.md", "src/options/servers.md"];

/// Where figures are. These pages date their own.
const FIGURES: &[&str] = &["docs/performance.md", "docs/measurements", "docs/internals/"];

/// One of these says how a number was found.
const HOW: &[&str] = &["measured", "taken", "counted", "checked", "cargo xtask", "REDMUX_"];

const MONTHS: &[&str] = &[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Whether a text says when something was measured, and how
fn is_dated(text: &str) -> bool {
    let is_year =
        |word: &str| word.len() == 4 && word.starts_with("20") && word.parse::<u32>().is_ok();
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '-'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let month = words.windows(2).any(|pair| MONTHS.contains(&pair[0]) && is_year(pair[1]));
    let day = words.iter().any(|word| is_day(word));
    let lower = text.to_lowercase();
    (month || day) && HOW.iter().any(|how| lower.contains(&how.to_lowercase()))
}

/// Whether a document is a page of figures
fn is_figures(place: &str) -> bool {
    FIGURES.iter().any(|page| place.starts_with(page))
}

/// Whether a text links to a page of figures
fn leads_to_figures(text: &str) -> bool {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.into_iter().any(|(target, _)| {
        ["performance.md", "measurements.md", "measurements/", "internals/"]
            .iter()
            .any(|page| target.contains(page))
    })
}

/// The constants: for each page the numbers that are held by code
#[derive(Debug, Default)]
struct Constants<'a> {
    pages: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Files of the code, and what must be in them
    held: Vec<(&'a str, &'a str)>,
}

impl<'a> Constants<'a> {
    /// Reads lines `number: page page … = file: text`.
    fn read(list: &'a str) -> Result<Self> {
        let mut constants = Self::default();
        for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let parts = line
                .split_once(" = ")
                .and_then(|(left, right)| Some((left.split_once(": ")?, right.split_once(": ")?)));
            let Some(((number, pages), (file, text))) = parts else {
                return Err(
                    format!("numbers.txt: not `number: pages = file: text`: {line:?}").into()
                );
            };
            for page in pages.split(' ') {
                if !constants.pages.entry(page).or_default().insert(number) {
                    return Err(format!("numbers.txt: twice: {number} of {page}").into());
                }
            }
            match file.strip_prefix("seen ") {
                // The value is another's: somebody looked it up on this day.
                Some(day) if is_day(day) => {}
                Some(day) => return Err(format!("numbers.txt: {day:?} is no day").into()),
                None => constants.held.push((file, text)),
            }
        }
        Ok(constants)
    }

    /// Says which lines of code are not as the list says.
    fn broken(&self, root: &Path) -> Vec<String> {
        let held = |(file, text): &&(&str, &str)| {
            fs::read_to_string(root.join(file)).is_ok_and(|code| code.contains(text))
        };
        let broken = self.held.iter().filter(|line| !held(line));
        let say = |(file, text)| {
            format!("numbers.txt: {file} has no {text:?}: correct the documents, too")
        };
        broken.copied().map(say).collect()
    }

    /// Says which numbers of a document nothing holds.
    ///
    /// `figures` are those of the pages of figures: a section that links to one repeats what is there.
    fn faults(&self, document: &Document, figures: &BTreeSet<String>) -> Vec<String> {
        let Document { place, text } = document;
        let sections = sections(text);
        let head = sections.first().map(|(_, lines)| lines.join("\n")).unwrap_or_default();
        let is_figures = is_figures(place);
        let known = self.pages.get(&**place);
        let mut used = BTreeSet::<&str>::new();
        let mut faults = Vec::new();
        for (start, lines) in &sections {
            let section = lines.join("\n");
            let dated = is_dated(&format!("{head}\n{section}"));
            let linked = !is_figures && leads_to_figures(&section);
            for (at, line) in lines.iter().enumerate() {
                // The unit may be on the next line.
                let next = lines.get(at + 1).and_then(|line| line.split_whitespace().next());
                let line = format!("{line} {}", next.unwrap_or_default());
                for Number { line, text } in numbers(start + at, &line) {
                    let is_known = known.and_then(|known| known.get(&*text));
                    used.extend(is_known);
                    let is_figure = linked && figures.contains(&text);
                    if is_known.is_none() && !dated && !is_figure {
                        faults.push(format!("{place}:{line}: {text}"));
                    }
                }
            }
        }
        let unused = known.into_iter().flatten().filter(|number| !used.contains(*number));
        faults
            .extend(unused.map(|number| format!("numbers.txt: {place} has no {number} any more")));
        faults
    }
}

/// The sections of a text: the number of the first line of each, and its lines. What comes before the second heading is the first one.
fn sections(text: &str) -> Vec<(usize, Vec<&str>)> {
    let mut sections = vec![(1, Vec::new())];
    let mut headings = 0;
    for (number, line) in without_blocks(text).into_iter().enumerate() {
        if line.starts_with('#') {
            headings += 1;
            if headings > 1 {
                sections.push((number + 1, Vec::new()));
            }
        }
        if let Some((_, lines)) = sections.last_mut() {
            lines.push(line);
        }
    }
    sections
}

/// Says which numbers of the documents nothing holds, and which lines of code are not as the list says.
fn faults(root: &Path) -> Result<Vec<String>> {
    let constants = Constants::read(LIST)?;
    let documents = all(root, "", "md")?;
    let mut faults = Vec::new();
    let pages = documents.iter().filter(|document| is_figures(&document.place));
    let figures: BTreeSet<String> = pages
        .flat_map(|page| {
            page.text.lines().flat_map(|line| numbers(0, line)).map(|number| number.text)
        })
        .collect();
    let is_read = |place: &str| !GENERATED.contains(&place) && !place.starts_with("tests/");
    for document in documents.iter().filter(|document| is_read(&document.place)) {
        faults.extend(constants.faults(document, &figures));
    }
    let gone = |page: &&&str| !documents.iter().any(|document| document.place == ***page);
    faults.extend(
        constants.pages.keys().filter(gone).map(|page| format!("numbers.txt: there is no {page}")),
    );
    faults.extend(constants.broken(root));
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADVICE: &str = "\
        A figure needs the day and how it was measured (`cargo xtask bench`, 2026-12-31) in its section or \
        in the head of its page, or it is repeated from performance.md, measurements.md or internals/, with a link in its section. \
        The value of a constant, an option or a limit needs a line in xtask/src/numbers.txt";

    fn of_page(list: &str, text: &str) -> Vec<String> {
        let document = Document { place: "docs/a.md".to_owned(), text: text.to_owned() };
        Constants::read(list).unwrap().faults(&document, &BTreeSet::from(["15 µs".to_owned()]))
    }

    #[test]
    fn a_figure_without_a_day_is_a_fault() {
        let page = "# A\n\nText.\n\n## B\n\nIt takes 15 µs.\n";
        assert_eq!(of_page("", page), ["docs/a.md:7: 15 µs"]);
        for said in [
            "(measured 2026-11-30)",
            "(`cargo xtask bench`, November 2026)",
            "([figures](performance.md#b))",
            "([figures](../internals/experiments.md))",
        ] {
            assert_eq!(
                of_page("", &page.replace("µs.", &format!("µs {said}."))),
                [""; 0],
                "{said}"
            );
        }
        let other = page.replace("15 µs.", "16 µs ([figures](performance.md#b)).");
        assert_eq!(of_page("", &other), ["docs/a.md:7: 16 µs"]);
        assert_eq!(of_page("", &page.replace("Text.", "Measured on 2026-11-30.")), [""; 0]);
        assert_eq!(of_page("", &page.replace("15 µs", "15\nµs")), ["docs/a.md:7: 15 µs"]);
        let elsewhere = format!("{page}\n## C\n\nMeasured in November 2026.\n");
        assert_eq!(of_page("", &elsewhere), ["docs/a.md:7: 15 µs"]);
        assert_eq!(of_page("", &page.replace("µs.", "µs since November 2026.")).len(), 1);
    }

    #[test]
    fn a_page_of_figures_dates_its_own() {
        let text = "# A\n\nSee [all](measurements.md): 15 µs.\n".to_owned();
        let document = Document { place: "docs/performance.md".to_owned(), text };
        assert_eq!(
            Constants::default().faults(&document, &BTreeSet::new()),
            ["docs/performance.md:3: 15 µs"]
        );
    }

    #[test]
    fn a_constant_is_held_by_its_line() {
        let page = "# A\n\nIt has 5 s.\n";
        let list =
            "5 s: docs/a.md docs/b.md = src/c.rs: LIMIT: Duration = Duration::from_secs(5)\n";
        assert_eq!(of_page(list, page), [""; 0]);
        assert_eq!(
            of_page(list, "# A\n\nIt has 6 s.\n"),
            ["docs/a.md:3: 6 s", "numbers.txt: docs/a.md has no 5 s any more"]
        );
        assert_eq!(of_page("5 s: docs/a.md = seen 2026-11-30: redis.conf of 7.0", page), [""; 0]);
        assert!(Constants::read("5 s: docs/a.md = seen once: redis.conf").is_err());
        assert!(Constants::read("5 s: docs/a.md src/c.rs").is_err());
        assert!(Constants::read("5 s: docs/a.md docs/a.md = c: d").is_err());
        for (held, broken) in
            [("Cargo.toml: [workspace", 0), ("Cargo.toml: LIMIT", 1), ("gone: x", 1)]
        {
            let list = format!("5 s: docs/a.md = {held}");
            assert_eq!(
                Constants::read(&list).unwrap().broken(&crate::root()).len(),
                broken,
                "{held}"
            );
        }
    }

    #[test]
    fn each_number_is_dated_or_held() {
        let faults = faults(&crate::root()).unwrap();
        assert!(
            faults.is_empty(),
            "numbers that nothing holds:\n  {}\n{ADVICE}",
            faults.join("\n  ")
        );
    }
}
