//! How many tests ran, by level, read from what the test runners print.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What a test needs and shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Unit,
    Property,
    Interleaving,
    Integration,
    RealServer,
    Documentation,
    JavaScript,
    Methods,
    Transport,
    Runtimes,
    Guides,
    FrontEnd,
    Browser,
    Native,
    Websockify,
    Engines,
    Console,
}

impl Level {
    fn label(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Property => "property",
            Self::Interleaving => "thread interleavings",
            Self::Integration => "integration",
            Self::RealServer => "real server",
            Self::Documentation => "documentation",
            Self::JavaScript => "JavaScript",
            Self::Methods => "JavaScript methods, servers",
            Self::Transport => "transport in browser and Node",
            Self::Runtimes => "package in every runtime",
            Self::Guides => "guides followed step by step",
            Self::FrontEnd => "front-end in Rust, browser",
            Self::Browser => "browser through the gateway",
            Self::Native => "native example",
            Self::Websockify => "browser through websockify",
            Self::Engines => "Firefox and WebKitGTK",
            Self::Console => "web console in the browser",
        }
    }
}

/// Results of one level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Results {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) ignored: usize,
}

impl Results {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Ignored => self.ignored += 1,
        }
    }
}

/// Results of all levels.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    levels: BTreeMap<Level, Results>,
}

impl Counts {
    /// Adds what `cargo test` printed.
    pub(crate) fn add_cargo(&mut self, output: &str, sources: &Sources) {
        let mut section = Level::Unit;
        for line in output.lines().map(str::trim_start) {
            if let Some(what) = line.strip_prefix("Running ") {
                section = match what.split_whitespace().next() {
                    Some(file) if file.ends_with(".rs") => sources.level_of_file(file),
                    _ => Level::Unit,
                };
            } else if line.starts_with("Doc-tests ") {
                section = Level::Documentation;
            } else if let Some((name, outcome)) = test_line(line) {
                let property = section != Level::Documentation && sources.is_property(name);
                let level = if property { Level::Property } else { section };
                self.levels.entry(level).or_default().add(outcome);
            }
        }
    }

    /// Adds what the tests of thread interleavings printed; an error if there were none.
    pub(crate) fn add_interleavings(&mut self, output: &str) -> Result<(), &'static str> {
        let results = self.levels.entry(Level::Interleaving).or_default();
        for (_, outcome) in output.lines().filter_map(test_line) {
            results.add(outcome);
        }
        match results.passed + results.failed {
            0 => Err("no thread interleavings were tested: was the core built with --cfg shuttle?"),
            _ => Ok(()),
        }
    }

    /// Adds what `node --test` printed, in either of its formats.
    pub(crate) fn add_node(&mut self, output: &str) {
        let results = self.levels.entry(Level::JavaScript).or_default();
        for line in output.lines() {
            let line = line.trim_start_matches(['#', 'ℹ', ' ']);
            let mut words = line.split_whitespace();
            let (Some(what), Some(Ok(count)), None) =
                (words.next(), words.next().map(str::parse::<usize>), words.next())
            else {
                continue;
            };
            match what {
                "pass" => results.passed += count,
                "fail" | "cancelled" => results.failed += count,
                "skipped" | "todo" => results.ignored += count,
                _ => {}
            }
        }
    }

    /// Adds what `xtask demo --check` printed: `== leg`, then a line for each step.
    pub(crate) fn add_demo(&mut self, output: &str) {
        let mut level = Level::Browser;
        for line in output.lines() {
            if let Some(leg) = line.strip_prefix("== ") {
                let levels = [
                    Level::Browser,
                    Level::Native,
                    Level::Websockify,
                    Level::Engines,
                    Level::Console,
                ];
                level = levels.into_iter().find(|l| leg == l.label()).unwrap_or(level);
                continue;
            }
            self.add_step(level, line);
        }
    }

    /// Adds what the checks of methods printed.
    pub(crate) fn add_methods(&mut self, output: &str) {
        output.lines().for_each(|line| self.add_step(Level::Methods, line));
    }

    /// Adds what the transport's scenarios printed.
    pub(crate) fn add_checks(&mut self, output: &str) {
        output.lines().for_each(|line| self.add_step(Level::Transport, line));
    }

    /// Steps of the package in runtimes: `ok` or `FAILED` a line.
    pub(crate) fn add_runtimes(&mut self, output: &str) {
        output.lines().for_each(|line| self.add_step(Level::Runtimes, line));
    }

    /// Steps of the guides for pages and runtimes.
    pub(crate) fn add_guides(&mut self, output: &str) {
        output.lines().for_each(|line| self.add_step(Level::Guides, line));
    }

    /// Steps of the page whose front-end is Rust.
    pub(crate) fn add_front_end(&mut self, output: &str) {
        output.lines().for_each(|line| self.add_step(Level::FrontEnd, line));
    }

    fn add_step(&mut self, level: Level, line: &str) {
        let results = self.levels.entry(level).or_default();
        match line.split_whitespace().next() {
            Some("ok") => results.passed += 1,
            Some("FAILED") => results.failed += 1,
            _ => {}
        }
    }

    /// The sum over all levels.
    pub(crate) fn total(&self) -> Results {
        self.levels.values().fold(Results::default(), |sum, r| Results {
            passed: sum.passed + r.passed,
            failed: sum.failed + r.failed,
            ignored: sum.ignored + r.ignored,
        })
    }

    /// One line a level, aligned.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |(level, r): (&Level, &Results)| {
            let label = level.label();
            let mut line = format!("{label:<28} {:>5} passed", r.passed);
            if r.failed > 0 {
                line.push_str(&format!(", {} failed", r.failed));
            }
            if r.ignored > 0 {
                line.push_str(&format!(", {} ignored", r.ignored));
            }
            line
        };
        self.levels.iter().map(line).collect()
    }
}

/// The heading that `xtask demo --check` prints for a leg, so that it is counted right.
pub(crate) fn heading(level: Level) -> String {
    format!("== {}", level.label())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Ignored,
}

/// `test some::path ... ok`, with variations.
fn test_line(line: &str) -> Option<(&str, Outcome)> {
    let (name, outcome) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let name = name.strip_suffix(" - should panic").unwrap_or(name);
    let outcome = match outcome.split([' ', ',']).next()? {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        "ignored" => Outcome::Ignored,
        _ => return None,
    };
    Some((name, outcome))
}

/// What the sources tell about tests that their names do not.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    properties: BTreeSet<String>,
    /// Test files that start real servers, relative to their package.
    real_server: BTreeSet<String>,
}

impl Sources {
    /// Reads all Rust sources of the work tree.
    pub(crate) fn read(root: &Path) -> Self {
        let mut sources = Self::default();
        let mut dirs = vec![root.to_path_buf()];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
                let path = entry.path();
                let name = entry.file_name();
                let name = name.to_string_lossy();
                if path.is_dir() {
                    let other = name.starts_with('.') || name == "target" || name == "node_modules";
                    if !other {
                        dirs.push(path);
                    }
                } else if name.ends_with(".rs")
                    && let Ok(text) = fs::read_to_string(&path)
                {
                    sources.add(&path, &text);
                }
            }
        }
        sources
    }

    fn add(&mut self, path: &Path, text: &str) {
        self.properties.extend(property_names(text));
        let tests = path.components().rev().nth(1).is_some_and(|c| c.as_os_str() == "tests");
        if tests && text.contains("redmux_test_support") {
            let file: PathBuf = path.components().rev().take(2).collect();
            let mut parts: Vec<_> = file.components().collect();
            parts.reverse();
            let file: PathBuf = parts.into_iter().collect();
            self.real_server.insert(file.to_string_lossy().into_owned());
        }
    }

    fn level_of_file(&self, file: &str) -> Level {
        match self.real_server.contains(file) {
            true => Level::RealServer,
            false => Level::Integration,
        }
    }

    fn is_property(&self, test: &str) -> bool {
        self.properties.contains(test.rsplit("::").next().unwrap_or(test))
    }
}

/// The functions that `proptest!` makes into tests: their arguments say `x in …`.
fn property_names(text: &str) -> impl Iterator<Item = String> {
    text.split("fn ").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once('(')?;
        let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let first_argument = rest.split(['{', ',', ':']).next()?;
        (is_name && first_argument.contains(" in ")).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARGO: &str = "\
   Compiling redmux v0.1.0 (/somewhere)
     Running unittests src/lib.rs (target/debug/deps/redmux-0a)

running 4 tests
test resp::framer::tests::splits ... ok
test resp::tests::round_trip ... ok
test command::tests::refuses - should panic ... ok
test events::tests::late ... FAILED

test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out
     Running tests/connect.rs (target/debug/deps/connect-0b)
test answers ... ok
     Running tests/split.rs (target/debug/deps/split-0c)
test every_byte ... ok
test slow ... ignored, takes an hour
   Doc-tests redmux
test src/lib.rs - (line 9) - compile ... ok
";

    fn of(passed: usize, failed: usize, ignored: usize) -> Results {
        Results { passed, failed, ignored }
    }

    #[test]
    fn cargo_tests_are_counted_by_level() {
        let mut sources = Sources::default();
        sources.add(Path::new("/r/src/x.rs"), "proptest! { fn round_trip(value in any()) {} }");
        sources.add(Path::new("/r/tests/connect.rs"), "use redmux_test_support::RedisServer;");
        let mut counts = Counts::default();
        counts.add_cargo(CARGO, &sources);
        let expected = [
            (Level::Unit, of(2, 1, 0)),
            (Level::Property, of(1, 0, 0)),
            (Level::Integration, of(1, 0, 1)),
            (Level::RealServer, of(1, 0, 0)),
            (Level::Documentation, of(1, 0, 0)),
        ];
        assert_eq!(counts.levels.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn interleavings_must_have_been_tested() {
        let mut counts = Counts::default();
        counts.add_interleavings("test x::interleavings::y ... ok\n").unwrap();
        assert_eq!(counts.total(), of(1, 0, 0));
        assert!(Counts::default().add_interleavings("running 0 tests\n").is_err());
    }

    #[test]
    fn node_tests_are_counted_in_both_formats() {
        for output in [
            "# tests 5\n# suites 0\n# pass 3\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0\n",
            "ℹ tests 5\nℹ pass 3\nℹ fail 1\nℹ skipped 1\nℹ duration_ms 12.5\n",
        ] {
            let mut counts = Counts::default();
            counts.add_node(output);
            assert_eq!(counts.total(), of(3, 1, 1));
        }
    }

    #[test]
    fn demo_steps_are_counted_by_leg() {
        let mut counts = Counts::default();
        let legs = [Level::Browser, Level::Native, Level::Websockify].map(heading);
        let [browser, native, websockify] = legs;
        counts.add_demo(&format!(
            "  found x\n{browser}\nok a\nok b\n{native}\nok c\n{websockify}\nFAILED d\n"
        ));
        let expected = [
            (Level::Browser, of(2, 0, 0)),
            (Level::Native, of(1, 0, 0)),
            (Level::Websockify, of(0, 1, 0)),
        ];
        assert_eq!(counts.levels.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn only_proptest_functions_are_property_tests() {
        let text = "fn a(x in 0..9) {}\nfn b(\n    x in any(),\n) {}\nfn c(i: usize) { for x in y {} }\
                    fn d() { for x in y {} }";
        assert_eq!(property_names(text).collect::<Vec<_>>(), ["a", "b"]);
    }
}
