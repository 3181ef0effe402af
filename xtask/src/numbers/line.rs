//! The numbers of a line that can grow old.

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

/// A number with its unit, as it is written, and its line
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) line: usize,
    pub(super) text: String,
}

/// Returns the numbers of a line without its code.
pub(super) fn numbers(number: usize, line: &str) -> Vec<Number> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of_line(line: &str) -> Vec<String> {
        numbers(1, line).into_iter().map(|number| number.text).collect()
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
}
