//! Whether each number in a document that can grow old is dated or held by the code: a test, which `cargo xtask test` runs.
//!
//! Looked at are ratios, times, sizes, rates and counts of instructions: `2.06 ×`, `15 µs`, `130 KB`. For each one,
//! its section (from heading to heading) or the head of its page has a day or month and says how it was measured, or the
//! section links to a page of figures. The others are constants: `numbers.txt` names the line of code that holds each.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::documents::{Document, all, is_day, without_blocks};
use crate::exec::Result;

const LIST: &str = include_str!("numbers.txt");

/// Pages that are made from the code, and what they are made of
const GENERATED: &[&str] =
    &["docs/commands.md", "docs/options.md", "src/options/options.md", "src/options/servers.md"];

/// Where figures are. These pages date their own.
const FIGURES: &[&str] = &["docs/performance.md", "docs/measurements", "docs/internals/"];

/// One of these says how a number was found.
const HOW: &[&str] = &["measured", "taken", "counted", "checked", "cargo xtask", "REDMUX_"];

const UNITS: &[&str] = &[
    "×",
    "%",
    "ns",
    "µs",
    "ms",
    "s",
    "min",
    "h",
    "seconds",
    "minutes",
    "hours",
    "days",
    "B",
    "bytes",
    "KiB",
    "MiB",
    "GiB",
    "TiB",
    "KB",
    "MB",
    "GB",
    "instructions",
    "allocations",
];

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

/// A number with its unit, as it is written, and its line
#[derive(Debug, PartialEq, Eq)]
struct Number {
    line: usize,
    text: String,
}

/// Returns the numbers of a line without its code.
fn numbers(number: usize, line: &str) -> Vec<Number> {
    let plain = without_code(line);
    let words: Vec<&str> = plain.split_whitespace().collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let word = word.trim_start_matches(['(', '[', '"', '|', '*', '_', '~', '≤', '≥', '<', '>']);
        let (value, joined) = split_unit(word);
        if value.is_empty() {
            continue;
        }
        let rest = words[at + 1..].iter().map(|word| bare(word));
        let mut after = [bare(joined)].into_iter().filter(|unit| !unit.is_empty()).chain(rest);
        let mut unit = after.next().unwrap_or_default().to_owned();
        if matches!(&*unit, "k" | "M" | "million") {
            unit = format!("{unit} {}", after.next().unwrap_or_default());
        }
        let kind = unit.split_whitespace().next_back().unwrap_or_default();
        let text = match (UNITS.contains(&kind), joined.is_empty()) {
            (true, _) if !value.ends_with(',') => format!("{value} {unit}"),
            (false, true) => match rate(&words[at + 1..]) {
                Some(rate) => format!("{value} {rate}"),
                None => continue,
            },
            _ => continue,
        };
        // The number before `to` is one of the same kind.
        let from = words[..at].split_last().filter(|(to, _)| **to == "to");
        let from = from
            .and_then(|(_, before)| before.last())
            .map(|from| split_unit(from.trim_start_matches(['(', '|'])));
        let text = match from {
            Some((from, "")) if !from.is_empty() => format!("{from} to {text}"),
            _ => text,
        };
        found.push(Number { line: number, text });
    }
    found
}

/// What follows a number of things in a second, such as `M operations per second`
fn rate(words: &[&str]) -> Option<String> {
    let until = (1..=3).find(|&until| {
        words.get(until).is_some_and(|word| bare(word) == "second")
            && matches!(words[until - 1], "a" | "per")
    })?;
    let words: Vec<&str> = words[..=until].iter().map(|word| bare(word)).collect();
    Some(words.join(" "))
}

/// A word without what is around it in a sentence
fn bare(word: &str) -> &str {
    word.trim_end_matches(['.', ',', ';', ':', ')', '"', '|', '*', '_', '?', '!', '…'])
}

/// Splits `15µs` and `15`: the number, and what follows it in the same word. The number is empty if the word is none.
fn split_unit(word: &str) -> (&str, &str) {
    let end =
        word.find(|c: char| !(c.is_ascii_digit() || "., –-".contains(c))).unwrap_or(word.len());
    let (value, rest) = word.split_at(end);
    let value = value.trim_end_matches(['.', '–', '-']);
    match value.starts_with(|c: char| c.is_ascii_digit()) {
        true => (value, rest),
        false => ("", ""),
    }
}

/// A line with `x` in place of each piece of code, and without the targets of links
fn without_code(line: &str) -> String {
    let mut shown = String::new();
    for (at, part) in line.split('`').enumerate() {
        shown.push_str(if at % 2 == 0 { part } else { "x" });
    }
    let mut plain = String::new();
    let mut rest = shown.as_str();
    while let Some((before, behind)) = rest.split_once("](") {
        plain.push_str(before);
        plain.push(' ');
        rest = behind.split_once(')').map_or("", |(_, after)| after);
    }
    plain + rest
}

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
    fn faults(&self, document: &Document) -> Vec<String> {
        let Document { place, text } = document;
        let sections = sections(text);
        let head = sections.first().map(|(_, lines)| lines.join("\n")).unwrap_or_default();
        let is_figures = FIGURES.iter().any(|page| place.starts_with(page));
        let known = self.pages.get(&**place);
        let mut used = BTreeSet::<&str>::new();
        let mut faults = Vec::new();
        for (start, lines) in &sections {
            let section = lines.join("\n");
            let fine = is_dated(&section)
                || is_dated(&head)
                || is_dated(&format!("{head}\n{section}"))
                || !is_figures && leads_to_figures(&section);
            for (at, line) in lines.iter().enumerate() {
                // The unit may be on the next line.
                let next = lines.get(at + 1).and_then(|line| line.split_whitespace().next());
                let line = format!("{line} {}", next.unwrap_or_default());
                for Number { line, text } in numbers(start + at, &line) {
                    let is_known = known.and_then(|known| known.get(&*text));
                    used.extend(is_known);
                    if is_known.is_none() && !fine {
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
    let documents = all(root, "md")?;
    let mut faults = Vec::new();
    let is_read = |place: &str| !GENERATED.contains(&place) && !place.starts_with("tests/");
    for document in documents.iter().filter(|document| is_read(&document.place)) {
        faults.extend(constants.faults(document));
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
        in the head of its page, or its section needs a link to performance.md, measurements.md or internals/. \
        The value of a constant, an option or a limit needs a line in xtask/src/numbers.txt";

    fn of_line(line: &str) -> Vec<String> {
        numbers(1, line).into_iter().map(|number| number.text).collect()
    }

    fn of_page(list: &str, text: &str) -> Vec<String> {
        let document = Document { place: "docs/a.md".to_owned(), text: text.to_owned() };
        Constants::read(list).unwrap().faults(&document)
    }

    #[test]
    fn numbers_with_units_are_seen_and_others_are_not() {
        assert_eq!(
            of_line("takes 0.71 to 0.92 × of it, 5µs (1.1–1.4 µs)."),
            ["0.71 to 0.92 ×", "5 µs", "1.1–1.4 µs"]
        );
        assert_eq!(
            of_line("| 130 KB | 2,483 instructions | 64MiB |"),
            ["130 KB", "2,483 instructions", "64 MiB"]
        );
        assert_eq!(
            of_line("3.4 M operations per second, 100 a second"),
            ["3.4 M operations per second", "100 a second"]
        );
        assert_eq!(
            of_line("`5 s`, Redis 8.4, 12 databases, [2 s](x.md#3-s), at 7.30 h"),
            ["2 s", "7.30 h"]
        );
        assert_eq!(of_line("1.2 M to 7.1 M instructions"), ["7.1 M instructions"]);
        assert_eq!(of_line("Redis 7.0, 5 servers, s 5, v2 s"), [""; 0]);
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
        assert_eq!(Constants::default().faults(&document), ["docs/performance.md:3: 15 µs"]);
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
