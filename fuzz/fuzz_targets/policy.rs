//! Feeds any bytes in any pieces to the gateway's filter: what passes is canonical, the pieces make
//! no difference, and no command names a key, channel or database beyond the policy.
//!
//! The input is the sizes of the pieces (ended by a zero byte) and the bytes of a client.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use redmux_gateway::{CommandReader, Prefixes, Rules};
use redmux_resp::Arg;
use redmux_resp::commands::{CommandSpec, KeyAccess};

/// Allows every command that can be listed, on a few names.
fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| {
        let prefixes = |texts: &[&str]| Prefixes::new(texts.iter().copied()).expect("plain texts");
        let listed = CommandSpec::all().map(CommandSpec::name);
        let listed: Vec<&str> = listed.filter(|name| Rules::new([*name]).is_ok()).collect();
        Rules::new(listed)
            .expect("each was tried")
            .read(prefixes(&["r:"]))
            .write(prefixes(&["w:"]))
            .subscribe(prefixes(&["s."]))
            .publish(prefixes(&["p."]))
            .scripts_by_acl(true)
    })
}

fuzz_target!(|input: &[u8]| {
    let sizes_end = input.iter().position(|byte| *byte == 0).unwrap_or(0);
    let (sizes, sent) = (&input[..sizes_end], input.get(sizes_end + 1..).unwrap_or_default());
    let whole = filtered(sent, &[]);
    assert_eq!(whole, filtered(sent, sizes), "in pieces");
    assert_eq!(whole, filtered(sent, &[1]), "byte by byte");
    // What passed passes again unchanged.
    let (out, _) = whole;
    assert_eq!(filtered(&out, &[]), (out, true));
});

/// Returns what passes, and whether all input was well-formed.
fn filtered(sent: &[u8], sizes: &[u8]) -> (Vec<u8>, bool) {
    let mut reader = CommandReader::new(4000, 200);
    let (mut out, mut rest) = (Vec::new(), sent);
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let size = sizes.next().map_or(rest.len(), |size| usize::from(*size).clamp(1, rest.len()));
        let (piece, behind) = rest.split_at(size);
        rest = behind;
        reader.push(piece.to_vec().into());
        loop {
            let command = match reader.next() {
                Ok(Some(command)) => command,
                Ok(None) => break,
                Err(_) => return (out, false),
            };
            let words = command.words();
            assert!(!words.is_empty());
            if rules().judge(&words).is_ok() {
                hold(&words);
                command.write(&mut out);
            }
        }
    }
    (out, true)
}

/// Checks an allowed command in another way than the filter does.
fn hold(words: &[&[u8]]) {
    let args: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word)).collect();
    let spec = CommandSpec::of(&args).expect("only commands that are known pass");
    for key in &spec.keys(&args).expect("only keys that can be told pass") {
        let name = words[key.index];
        assert!(!key.access.reads() || name.starts_with(b"r:"), "{} reads", spec.name());
        assert!(!key.access.writes() || name.starts_with(b"w:"), "{} writes", spec.name());
        let channel = key.access == KeyAccess::Slot && spec.name() != "SUNSUBSCRIBE";
        assert!(!channel || name.starts_with(b"s.") || name.starts_with(b"p."), "{}", spec.name());
    }
    let name = words[0].to_ascii_uppercase();
    for never in
        ["AUTH", "RESET", "MONITOR", "SYNC", "PSYNC", "SHUTDOWN", "DEBUG", "FLUSHALL", "FLUSHDB"]
    {
        assert_ne!(name, never.as_bytes());
    }
    assert!(name != b"SELECT" || words[1] == b"0");
}
