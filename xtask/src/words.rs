//! Whether comments, texts of the code and documents keep to plain words: a test, which `cargo xtask test` runs.
//!
//! `words.txt` lists the words and what to write instead. Code is not looked at, nor what is in
//! backticks: a name may be what it likes.

use std::fs;
use std::path::Path;

use crate::documents;
use crate::exec::Result;

mod prose;

use prose::{Kind, prose};

const LIST: &str = include_str!("words.txt");

/// Folders that still have such words. The list only gets shorter: a folder without any is a fault.
const NOT_YET: &[&str] = &[];

/// Takes a path in the repository apart from its folders.
const SKIPPED_FILES: &[&str] = &["package-lock.json", "LICENSE-APACHE", "LICENSE-MIT"];

/// Says where words of the list are, and what to write instead.
fn faults(root: &Path) -> Result<Vec<String>> {
    let words = Words::read(LIST)?;
    let mut found = Vec::new();
    for file in &documents::files(root)? {
        if file.file_name().is_some_and(|name| SKIPPED_FILES.iter().any(|skipped| name == *skipped))
        {
            continue;
        }
        let Some(kind) = Kind::of(file) else { continue };
        let text = fs::read_to_string(file)?;
        let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
        found.extend(words.find(&name, &prose(kind, &text)));
    }
    Ok(judge(found, NOT_YET))
}

/// Leaves out what is in a folder that is not done yet, and adds the folders that are.
fn judge(found: Vec<Found>, not_yet: &[&str]) -> Vec<String> {
    let within = |file: &str, folder: &str| Path::new(file).starts_with(folder);
    let done = not_yet.iter().filter(|folder| !found.iter().any(|one| within(&one.file, folder)));
    let done: Vec<String> =
        done.map(|folder| format!("{folder} has none: take it off `NOT_YET`")).collect();
    let left = found.iter().filter(|one| !not_yet.iter().any(|folder| within(&one.file, folder)));
    left.map(Found::to_string).chain(done).collect()
}

/// A place where a word of the list is
struct Found {
    file: String,
    line: usize,
    words: String,
    instead: String,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { file, line, words, instead } = self;
        write!(f, "{file}:{line}: {words:?}: write {instead}")
    }
}

/// The list
struct Words(Vec<(Vec<String>, String)>);

impl Words {
    fn read(list: &str) -> Result<Self> {
        let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let read = |line: &str| {
            let (words, instead) =
                line.split_once(" = ").ok_or_else(|| format!("no ` = ` in {line:?}"))?;
            Ok((words.split(' ').map(str::to_owned).collect(), instead.to_owned()))
        };
        Ok(Self(lines.map(read).collect::<Result<_>>()?))
    }

    /// Finds the words of the list in a text that [`prose`] has prepared.
    fn find(&self, file: &str, prose: &str) -> Vec<Found> {
        let words = split(prose);
        let mut found = Vec::new();
        for at in 0..words.len() {
            for (phrase, instead) in &self.0 {
                let here = words[at..].iter().map(|(word, _)| word);
                if here.take(phrase.len()).eq(phrase.iter()) {
                    found.push(Found {
                        file: file.to_owned(),
                        line: words[at].1,
                        words: phrase.join(" "),
                        instead: instead.clone(),
                    });
                }
            }
        }
        found
    }
}

/// The words in lower case, each with its line. An empty word ends a phrase: what was there is code
/// or punctuation.
fn split(prose: &str) -> Vec<(String, usize)> {
    let mut words: Vec<(String, usize)> = Vec::new();
    for (number, line) in prose.lines().enumerate() {
        // What begins lines in comments and documents is no word of the sentence.
        let line = line.trim_start_matches(|c: char| c.is_whitespace() || "/*#>|-!".contains(c));
        let mut word = String::new();
        for c in line.chars().chain([' ']) {
            match c {
                '\u{2019}' => word.push('\''),
                '\'' | '_' => word.push(c),
                c if c.is_alphanumeric() => word.extend(c.to_lowercase()),
                c => {
                    if !word.is_empty() {
                        words.push((std::mem::take(&mut word), number + 1));
                    }
                    let again = words.last().is_some_and(|(word, _)| word.is_empty());
                    if !c.is_whitespace() && !again {
                        words.push((String::new(), number + 1));
                    }
                }
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: Kind, text: &str) -> Vec<(usize, String)> {
        let words = Words::read("# a comment\nforsooth = really\nis bidden = \"must\"\n").unwrap();
        let found = words.find("file", &prose(kind, text));
        found.into_iter().map(|found| (found.line, found.words)).collect()
    }

    fn lines(kind: Kind, text: &str) -> Vec<usize> {
        found(kind, text).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn documents_are_read_in_any_case_and_over_the_end_of_a_line() {
        let text = "Forsooth, it IS\n> bidden. forsooths\nis `x` bidden, `forsooth`\nis, bidden";
        assert_eq!(
            found(Kind::Text, text),
            [(1, "forsooth".to_owned()), (1, "is bidden".to_owned())]
        );
        assert_eq!(lines(Kind::Text, "an odd ` is here\nforsooth"), [2]);
        assert_eq!(lines(Kind::Text, "```\n# forsooth\n```\nforsooth"), [2, 4]);
    }

    #[test]
    fn in_rust_only_comments_and_strings_are_read() {
        let text = r####"//! forsooth
fn forsooth<'a>(x: &'a str) { is(bidden) } // it is
    // bidden
let s = "forsooth \" forsooth"; let forsooth = '"'; let t = '\''; forsooth();
/* forsooth /* is bidden */ forsooth */ forsooth
let r = r#"forsooth " forsooth"#; forsooth(br"\", "forsooth");
"is \
 bidden""####;
        assert_eq!(lines(Kind::Rust, text), [1, 2, 4, 4, 5, 5, 5, 6, 6, 6, 7]);
        assert!(lines(Kind::Rust, "is(bidden); is\nbidden; \"is\", \"bidden\"").is_empty());
    }

    #[test]
    fn in_javascript_too() {
        let text = r#"// forsooth
const forsooth = 'forsooth' + "it's forsooth" + `a ${forsooth + `forsooth ${`x`}` + { forsooth }} forsooth`;
forsooth(/["'`/]/, "forsooth"); x = a / b / forsooth; return /'/.test(forsooth);
/** is
 * bidden */"#;
        assert_eq!(lines(Kind::JavaScript, text), [1, 2, 2, 2, 2, 3, 4]);
    }

    #[test]
    fn a_folder_that_is_done_must_be_taken_off_the_list() {
        let found = |file: &str| Found {
            file: file.to_owned(),
            line: 3,
            words: "forsooth".to_owned(),
            instead: "really".to_owned(),
        };
        let all = || vec![found("src/a/b.rs"), found("src/ab.rs")];
        let faults = judge(all(), &["src/a", "docs"]);
        assert_eq!(
            faults,
            ["src/ab.rs:3: \"forsooth\": write really", "docs has none: take it off `NOT_YET`"]
        );
        assert_eq!(judge(all(), &["src"]), Vec::<String>::new());
    }

    #[test]
    fn the_house_is_written_in_plain_words() {
        let faults = faults(&crate::root()).unwrap();
        assert!(faults.is_empty(), "words of xtask/src/words.txt:\n  {}", faults.join("\n  "));
    }
}
