//! Sets of keys or channels, given by the beginnings of their names.

use std::fmt;

/// The set of keys or channels that begin with one of these texts
///
/// ```
/// use redmux_gateway::Prefixes;
///
/// let prefixes = Prefixes::new(["app:", "user:{sub}:"])?;
/// let ada = prefixes.of_subject("ada").expect("a plain name");
/// assert!(ada.contains(b"user:ada:cart") && !ada.contains(b"user:adam:cart"));
/// // A pattern is in the set if everything that it can match is.
/// assert!(ada.contains_pattern(b"app:*") && !ada.contains_pattern(b"ap*"));
/// # Ok::<(), redmux_gateway::PrefixError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prefixes(Vec<String>);

/// A text that is not accepted as a prefix
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrefixError {
    /// The text is empty, which would mean everything.
    #[error("an empty prefix means everything: write \"*\" for that")]
    Empty,
    /// The text contains a `*`.
    #[error(
        "prefixes are plain text: write \"app:\" and not \"app:*\" (\"*\" alone is everything)"
    )]
    Pattern,
    /// There is no character behind `{sub}` or `{iss}` that ends a name.
    #[error(
        "behind {{sub}} and {{iss}} there must be `:` or `/`, or one user's name could begin another's"
    )]
    Open,
}

/// The place of the subject's name.
const SUBJECT: &str = "{sub}";
/// The place of the issuer's name in the configuration.
const ISSUER: &str = "{iss}";

impl Prefixes {
    /// Makes a set of prefixes. `*` alone means everything, `{sub}` the subject of a JWT, and
    /// `{iss}` the name that the configuration gives to the JWT's issuer.
    ///
    /// # Errors
    /// A text would not mean what it looks like.
    pub fn new<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Result<Self, PrefixError> {
        let mut prefixes = Vec::new();
        for text in texts {
            let text = text.into();
            match text.as_str() {
                "*" => prefixes.push(String::new()),
                "" => return Err(PrefixError::Empty),
                text if text.contains('*') => return Err(PrefixError::Pattern),
                _ => {
                    for place in [SUBJECT, ISSUER] {
                        let mut behind = text.split(place).skip(1);
                        if behind.any(|behind| !behind.starts_with([':', '/'])) {
                            return Err(PrefixError::Open);
                        }
                    }
                    prefixes.push(text);
                }
            }
        }
        Ok(Self(prefixes))
    }

    /// Returns the set of everything.
    pub fn all() -> Self {
        Self(vec![String::new()])
    }

    /// Returns whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the set contains everything.
    pub fn is_all(&self) -> bool {
        self.0.iter().any(String::is_empty)
    }

    /// Returns whether a prefix contains `{sub}`.
    pub fn wants_subject(&self) -> bool {
        self.0.iter().any(|prefix| prefix.contains(SUBJECT))
    }

    /// Returns whether a prefix contains `{iss}`.
    pub fn wants_issuer(&self) -> bool {
        self.0.iter().any(|prefix| prefix.contains(ISSUER))
    }

    /// Fills in the subject's name; `None` if it has characters that are not part of a plain name.
    pub fn of_subject(&self, subject: &str) -> Option<Self> {
        self.filled_in(SUBJECT, subject)
    }

    /// Fills in the issuer's name; `None` if it has characters that are not part of a plain name.
    pub fn of_issuer(&self, issuer: &str) -> Option<Self> {
        self.filled_in(ISSUER, issuer)
    }

    fn filled_in(&self, place: &str, name: &str) -> Option<Self> {
        let plain = !name.is_empty()
            && name.len() <= 128
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.|@+".contains(&b));
        plain.then(|| Self(self.0.iter().map(|text| text.replace(place, name)).collect()))
    }

    /// Returns whether the set contains everything that `other` contains.
    pub(super) fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|text| self.contains(text.as_bytes()))
    }

    /// Returns whether a name that begins with this text can be in the set.
    pub(super) fn meets(&self, text: &str) -> bool {
        self.0.iter().any(|prefix| prefix.starts_with(text) || text.starts_with(prefix.as_str()))
    }

    /// Returns the prefixes that contain `{sub}`.
    pub(crate) fn of_subjects(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str).filter(|prefix| prefix.contains(SUBJECT))
    }

    /// Returns whether this name is in the set.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.0.iter().any(|prefix| name.starts_with(prefix.as_bytes()))
    }

    /// Returns whether everything that this glob pattern matches is in the set.
    pub fn contains_pattern(&self, pattern: &[u8]) -> bool {
        let plain = pattern.iter().position(|b| b"*?[\\".contains(b)).unwrap_or(pattern.len());
        self.contains(&pattern[..plain])
    }
}

impl fmt::Display for Prefixes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|text| if text.is_empty() { "*" } else { text });
        f.write_str(&shown.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_mislead_are_refused() {
        for (text, error) in [
            ("", PrefixError::Empty),
            ("app:*", PrefixError::Pattern),
            ("user:{sub}", PrefixError::Open),
            ("{sub}x:", PrefixError::Open),
            ("{sub}{sub}:", PrefixError::Open),
            ("{iss}{sub}:", PrefixError::Open),
            ("x:{iss}", PrefixError::Open),
        ] {
            assert_eq!(Prefixes::new([text]), Err(error), "{text}");
        }
    }

    #[test]
    fn a_subject_cannot_reach_beyond_its_own() {
        let prefixes = Prefixes::new(["u:{sub}:"]).unwrap();
        for hostile in
            ["", "a:b", "a*", "a/b", "{sub}", "a b", "ä", "a\n", "a[b]", &"x".repeat(129)]
        {
            assert_eq!(prefixes.of_subject(hostile), None, "{hostile}");
        }
        let own = prefixes.of_subject("auth0|a.b-c_d@e+f").unwrap();
        assert!(own.contains(b"u:auth0|a.b-c_d@e+f:x"));
        let both = Prefixes::new(["u:{iss}:{sub}:"]).unwrap().of_issuer("shop").unwrap();
        assert!(both.wants_subject() && !both.wants_issuer());
        assert!(both.of_subject("ada").unwrap().contains(b"u:shop:ada:x"));
        assert_eq!(Prefixes::new(["{iss}:"]).unwrap().of_issuer("a:b"), None);
        // Before it is filled in, the place of the subject is a text like any other.
        assert!(!prefixes.contains(b"u:a:"));
    }

    #[test]
    fn a_pattern_is_judged_by_what_is_before_its_first_special_character() {
        let prefixes = Prefixes::new(["app:", "b"]).unwrap();
        for (pattern, within) in [
            (&b"app:*"[..], true),
            (b"app:?[a]", true),
            (b"b", true),
            (b"*", false),
            (b"", false),
            (b"app*", false),
            (b"ap[p]:", false),
            (b"app\\:x", false),
            (b"?pp:", false),
        ] {
            assert_eq!(prefixes.contains_pattern(pattern), within, "{pattern:?}");
        }
        assert!(Prefixes::all().contains_pattern(b"*") && Prefixes::all().contains(b""));
        assert!(!Prefixes::default().contains(b"") && !Prefixes::default().contains(b"x"));
    }
}
