//! Decides which patterns of `CONFIG GET` match a password of the server.

/// Parameters of Redis and Valkey that contain passwords.
const SECRETS: &[&str] =
    &["requirepass", "masterauth", "primaryauth", "tls-key-file-pass", "tls-client-key-file-pass"];

/// Returns whether the server could answer this pattern with a password.
pub(super) fn may_show_a_secret(pattern: &[u8]) -> bool {
    SECRETS.iter().any(|secret| may_match(pattern, secret.as_bytes()))
}

/// Returns whether a glob pattern may match a name of less than 32 letters, in any case.
///
/// A set in brackets is taken to match any letter.
fn may_match(pattern: &[u8], name: &[u8]) -> bool {
    // Bit n: the pattern so far may match the first n letters.
    let mut matched = 1u32;
    let mut rest = pattern.iter();
    while let Some(byte) = rest.next() {
        matched = match byte {
            b'[' => return matched != 0,
            b'*' => u32::MAX << matched.trailing_zeros().min(31),
            b'?' => matched << 1,
            _ => {
                let byte = if *byte == b'\\' { rest.next().unwrap_or(byte) } else { byte };
                let letters = name.iter().enumerate();
                let same = letters.filter(|(_, letter)| letter.eq_ignore_ascii_case(byte));
                same.fold(0, |to, (at, _)| to | (matched >> at & 1) << (at + 1))
            }
        } & ((2 << name.len()) - 1);
        if matched == 0 {
            return false;
        }
    }
    matched >> name.len() & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_match_a_password_are_found() {
        for pattern in [
            "*",
            "requirepass",
            "RequirePass",
            "require*",
            "*pass",
            "*p?ss*",
            "**",
            "re[q]uirepass",
            "[a-z]*",
            "requirepas\\s",
            "?asterauth",
            "*auth*",
            "tls-*",
            "primaryauth",
        ] {
            assert!(may_show_a_secret(pattern.as_bytes()), "{pattern}");
        }
        for pattern in [
            "",
            "maxmemory",
            "max*",
            "*memory*",
            "requirepas",
            "requirepasss",
            "?requirepass",
            "requirepass?",
            "masterauth\\*",
            "tls-port",
            "?",
            "appendonly",
        ] {
            assert!(!may_show_a_secret(pattern.as_bytes()), "{pattern}");
        }
        assert!(!may_show_a_secret(&b"?".repeat(100_000)));
        assert!(may_show_a_secret(&b"*".repeat(100_000)));
    }
}
