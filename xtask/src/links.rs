//! Whether links to other sites are known, and when they were looked at: a test, which `cargo xtask test` runs.
//!
//! The tests have no internet, so `links.txt` says for each link when a person looked at what is there. A link
//! to the manual of a command needs no line, but must lead to the page of a command that the table has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use redmux_resp::commands::CommandSpec;

use crate::documents::{all, is_day, without_blocks};
use crate::exec::Result;

const LIST: &str = include_str!("links.txt");

/// Where the manuals of commands are
const MANUALS: [&str; 2] =
    ["https://redis.io/docs/latest/commands/", "https://valkey.io/commands/"];

/// Folders whose doc comments are read
const SOURCES: &[&str] = &["src", "resp", "transports", "gateway/src", "derive/src"];

/// A link, and the places that have it
type Links = BTreeMap<String, BTreeSet<String>>;

fn links(root: &Path) -> Result<Links> {
    let mut links = Links::new();
    let mut add = |place: &str, number: usize, line: &str| {
        for link in of_line(line) {
            links.entry(link.to_owned()).or_default().insert(format!("{place}:{}", number + 1));
        }
    };
    for document in all(root, "", "md")? {
        for (number, line) in without_blocks(&document.text).into_iter().enumerate() {
            add(&document.place, number, line);
        }
    }
    for folder in SOURCES {
        for source in all(root, folder, "rs")? {
            for (number, line) in source.text.lines().enumerate() {
                let line = line.trim_start();
                if line.starts_with("///") || line.starts_with("//!") {
                    add(&source.place, number, line);
                }
            }
        }
    }
    // The types of the npm package, which editors show.
    for types in all(root, "www/src", "ts")? {
        for (number, line) in types.text.lines().enumerate() {
            add(&types.place, number, line);
        }
    }
    Ok(links)
}

/// The links of a line of Markdown to other sites: `[text](address)`, `<address>` and `[text]: address`.
fn of_line(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("http") {
        let (before, link) = line.split_at(at);
        let end = match before.chars().next_back() {
            Some('(') if before.ends_with("](") => ')',
            Some('<') => '>',
            Some(' ') if before.ends_with("]: ") => ' ',
            _ => continue,
        };
        let Some((link, _)) = link.split_once(end).or(Some((link, ""))) else { continue };
        if link.starts_with("http://") || link.starts_with("https://") {
            found.push(link);
        }
    }
    found
}

/// The list: the day on which somebody looked, whether the page was seen there, and the address.
#[derive(Debug)]
struct Known<'a> {
    links: BTreeSet<&'a str>,
    /// How many pages of manuals were there on that day
    manuals: usize,
}

impl<'a> Known<'a> {
    fn read(list: &'a str) -> Result<Self> {
        let mut known = Self { links: BTreeSet::new(), manuals: 0 };
        for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            let [day, seen @ ("seen" | "unseen"), what] = words[..] else {
                return Err(format!("links.txt: not `day seen address`: {line:?}").into());
            };
            if !is_day(day) {
                return Err(format!("links.txt: {day:?} is no day such as 2026-11-30").into());
            }
            match what.strip_prefix("manuals=") {
                Some(count) if seen == "seen" => known.manuals = count.parse()?,
                _ if !known.links.insert(what) => {
                    return Err(format!("links.txt: twice: {what}").into());
                }
                _ => {}
            }
        }
        Ok(known)
    }

    fn faults(&self, links: &Links, pages: &BTreeSet<String>) -> Vec<String> {
        let mut faults = Vec::new();
        let mut manuals = 0;
        for (link, places) in links {
            let place = places.first().map_or("", String::as_str);
            let address = link.split('#').next().unwrap_or(link);
            if let Some(rest) = link.strip_prefix("http://") {
                let host = rest.split(['/', ':']).next();
                if !matches!(host, Some("127.0.0.1" | "localhost")) {
                    faults.push(format!("{place}: {link} is not https"));
                }
            } else if MANUALS.iter().any(|manual| link.starts_with(manual)) {
                manuals += 1;
                if !pages.contains(link) {
                    faults.push(format!("{place}: {link} is the page of no command of the table"));
                }
            } else if !self.links.contains(address) {
                let line = "`2026-12-31 seen address`, or `unseen` if you could not open it";
                faults.push(format!(
                    "{place}: {link} is not in xtask/src/links.txt: look at it and add {line}"
                ));
            }
        }
        let used = |known: &str| links.keys().any(|link| link.split('#').next() == Some(known));
        for known in self.links.iter().filter(|known| !used(known)) {
            faults.push(format!("links.txt: no document leads to {known} any more"));
        }
        if manuals != self.manuals {
            faults.push(format!(
                "links.txt: documents lead to {manuals} pages of commands, the list says {}: \
                 look at those that are new and write the number and the day",
                self.manuals
            ));
        }
        faults
    }
}

/// Addresses of the manuals of all commands of the table
fn pages() -> BTreeSet<String> {
    CommandSpec::all().map(CommandSpec::docs_url).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(list: &str, links: &[&str]) -> Vec<String> {
        let place = || BTreeSet::from(["a.md:1".to_owned()]);
        let links = links.iter().map(|link| ((*link).to_owned(), place())).collect();
        Known::read(list).unwrap().faults(&links, &pages())
    }

    #[test]
    fn links_of_every_form_are_seen_and_other_addresses_are_not() {
        let line = "[a](https://a.b/c) <http://d/> `https://e` https://f [g](https://h#i), [j](k)";
        assert_eq!(of_line(line), ["https://a.b/c", "http://d/", "https://h#i"]);
        assert_eq!(of_line("[l]: https://m/n"), ["https://m/n"]);
    }

    #[test]
    fn a_link_that_nobody_looked_at_is_a_fault_and_so_is_a_line_without_a_link() {
        let list = "# comment\n2026-11-30 seen https://a.b/\n2026-11-30 seen manuals=1\n";
        let set = "https://redis.io/docs/latest/commands/set/";
        assert_eq!(found(list, &["https://a.b/#c", "http://localhost:1/", set]), [""; 0]);
        let faults = found(list, &["http://a.b/", "https://c.d/", &set.replace("set", "sett")]);
        let wanted = ["is not https", "is not in", "of no command", "to https://a.b/ any more"];
        assert_eq!(faults.len(), wanted.len(), "{faults:?}");
        assert!(faults.iter().zip(wanted).all(|(fault, part)| fault.contains(part)), "{faults:?}");
        let faults = found(list, &["https://a.b/"]);
        assert!(faults.len() == 1 && faults[0].contains("to 0 pages of commands"), "{faults:?}");
    }

    #[test]
    fn a_line_without_a_day_is_refused() {
        for line in ["seen https://a.b/", "2026-13-01 seen x", "2026-11-30 perhaps x"] {
            assert!(Known::read(line).is_err(), "{line}");
        }
        assert!(Known::read("2026-11-30 seen x\n2026-11-30 seen x").is_err());
    }

    #[test]
    fn each_link_to_another_site_was_looked_at() {
        let links = links(&crate::root()).unwrap();
        let faults = Known::read(LIST).unwrap().faults(&links, &pages());
        assert!(faults.is_empty(), "links to other sites:\n  {}", faults.join("\n  "));
    }
}
