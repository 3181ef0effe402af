//! Every command of the modules has a method, or a reason.

use std::{collections::BTreeSet, fs, path::Path};

use redmux::command::CommandSpec;

/// Commands of modules without a method.
///
/// Those of search that begin with `_` are for tools that load a dump: here `ensure` and a check of the error do their work.
const LEFT_OUT: [&str; 9] = [
    "JSON.DEBUG HELP",
    "JSON.FORGET",
    "FT.CONFIG HELP",
    "FT.EXPLAINCLI",
    "FT._ALIASADDIFNX",
    "FT._ALIASDELIFX",
    "FT._ALTERIFNX",
    "FT._CREATEIFNX",
    "FT._DROPINDEXIFX",
];

/// The names in `named!("…")` and `call2("…", "…", …)` below this folder.
fn sent(dir: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sent(&path, names);
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        for (start, words) in [("named!(\"", 1), ("call2(\"", 2), ("call2::<(), _>(\"", 2)] {
            for rest in text.split(start).skip(1) {
                let quoted: Vec<&str> = rest.split('"').step_by(2).take(words).collect();
                names.insert(quoted.join(" "));
            }
        }
    }
}

/// How the commands begin whose modules have a view, and how many there are at least.
const FAMILIES: [(&str, usize); 8] = [
    ("JSON.", 20),
    ("TS.", 20),
    ("FT.", 36),
    ("BF.", 10),
    ("CF.", 13),
    ("CMS.", 6),
    ("TOPK.", 7),
    ("TDIGEST.", 14),
];

#[test]
fn every_command_has_a_method_or_a_reason() {
    let mut names = BTreeSet::new();
    sent(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stack"), &mut names);
    let all: Vec<&str> = CommandSpec::all().map(CommandSpec::name).collect();
    for (prefix, least) in FAMILIES {
        let of_module = all.iter().filter(|name| name.starts_with(prefix));
        let of_module: BTreeSet<&str> = of_module.copied().collect();
        assert!(of_module.len() >= least, "{of_module:?}");
        for name in of_module {
            let is_left_out = LEFT_OUT.contains(&name);
            assert!(names.contains(name) != is_left_out, "{name}");
        }
    }
}
