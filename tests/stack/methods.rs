//! Every command of the modules has a method, or a reason.

use std::{collections::BTreeSet, fs, path::Path};

use redmux::command::CommandSpec;

/// Commands of modules without a method.
const LEFT_OUT: [&str; 2] = ["JSON.DEBUG HELP", "JSON.FORGET"];

/// The names in `named!("…")` and `call2("…", "…", …)` below this folder.
fn sent(dir: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sent(&path, names);
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        for (start, words) in [("named!(\"", 1), ("call2(\"", 2)] {
            for rest in text.split(start).skip(1) {
                let quoted: Vec<&str> = rest.split('"').step_by(2).take(words).collect();
                names.insert(quoted.join(" "));
            }
        }
    }
}

#[test]
fn every_command_for_json_has_a_method_or_a_reason() {
    let mut names = BTreeSet::new();
    sent(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stack"), &mut names);
    let all = CommandSpec::all().map(CommandSpec::name);
    let of_json: BTreeSet<&str> = all.filter(|name| name.starts_with("JSON.")).collect();
    assert!(of_json.len() > 20, "{of_json:?}");
    for name in &of_json {
        let is_left_out = LEFT_OUT.contains(name);
        assert!(names.contains(*name) != is_left_out, "{name}");
    }
}
