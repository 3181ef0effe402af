//! The error replies of servers.

use std::{borrow::Cow, fmt, sync::Arc};

use crate::slot::SLOTS;

/// An error that the server answered with
///
/// [`message`](Self::message) is its raw text. `Display` and `Debug` leave out what servers and their modules quote: the
/// caller's arguments (after an unknown command, a malformed ACL rule, an invalid value of `CONFIG SET`, a path, a query) and
/// stored values, so that they can be logged. What a script, a function or a module of your own puts into its error is shown.
///
/// ```
/// use redmux_resp::{ServerError, ServerErrorKind};
/// let error = ServerError::new("ERR unknown command 'GTE', with args beginning with: 'secret' ");
/// assert_eq!((error.code(), error.kind()), ("ERR", ServerErrorKind::UnknownCommand));
/// assert_eq!(error.to_string(), "ERR unknown command 'GTE'");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServerError(Arc<str>);

/// What a server's error is about
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerErrorKind {
    /// `ERR`: anything without a code of its own.
    Err,
    /// `WRONGTYPE`: the key holds another type of value.
    WrongType,
    /// `NOAUTH`: the connection is not authenticated.
    NoAuth,
    /// `WRONGPASS`: the user name or password is wrong, or the user is disabled.
    WrongPass,
    /// `NOPERM`: the user may not do this.
    NoPerm,
    /// `NOPROTO`: the server does not speak this version of the protocol.
    NoProto,
    /// `NOSCRIPT`: no script has this digest.
    NoScript,
    /// `LOADING`: the server is loading its data set.
    Loading,
    /// `BUSY`: a script or function is running.
    Busy,
    /// `TRYAGAIN`: some keys of the command have moved to another node, some have not.
    TryAgain,
    /// `CLUSTERDOWN`: the cluster is incomplete.
    ClusterDown,
    /// `MASTERDOWN`: this replica has lost its master and may not serve stale data.
    MasterDown,
    /// `MOVED`: another node of the cluster has this slot.
    Moved,
    /// `ASK`: another node of the cluster has this key for now.
    Ask,
    /// `REDIRECT`: this replica has a primary, which serves the command (Valkey, where the client said
    /// `CLIENT CAPA redirect`).
    Redirected,
    /// `UNBLOCKED`: the server became a replica, or its slot moved, while the command waited there.
    Unblocked,
    /// `CROSSSLOT`: the keys of the command are in different slots.
    CrossSlot,
    /// `READONLY`: a write to a replica.
    ReadOnly,
    /// `OOM`: the server is at its memory limit.
    OutOfMemory,
    /// `EXECABORT`: the transaction was discarded because a command in it was refused.
    ExecAbort,
    /// `MISCONF`: the server cannot persist and therefore refuses writes.
    MisConf,
    /// `NOREPLICAS`: too few good replicas to accept a write.
    NoReplicas,
    /// `UNKILLABLE`: the running script has written and cannot be stopped.
    UnkillableScript,
    /// `NOTBUSY`: there is no script to stop.
    NotBusy,
    /// `BUSYGROUP`: the consumer group exists.
    BusyGroup,
    /// `NOGROUP`: the stream or the consumer group does not exist.
    NoGroup,
    /// `BUSYKEY`: the key to restore to exists.
    BusyKey,
    /// `ERR max number of clients reached`.
    MaxClients,
    /// `ERR unknown command`.
    UnknownCommand,
    /// Any other code, or none.
    Other,
}

/// Where a `MOVED`, `ASK` or `REDIRECT` error points
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redirect<'a> {
    /// The hash slot; `REDIRECT` is about the whole server.
    pub slot: Option<u16>,
    /// The host. Empty means the one that answered; `?` that the server knows no name for it.
    pub host: &'a str,
    /// The port.
    pub port: u16,
}

impl ServerError {
    /// The error of this text, which begins with its code.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// The word in capitals that the text begins with, such as `WRONGTYPE`; empty if it begins
    /// with no such word.
    pub fn code(&self) -> &str {
        let ends = |byte| matches!(byte, b' ' | b'\r' | b'\n');
        let word = &self.0[..self.0.bytes().position(ends).unwrap_or(self.0.len())];
        let is_code = |byte: u8| {
            byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-'
        };
        if word.bytes().all(is_code) { word } else { "" }
    }

    /// The raw text, with the code it begins with.
    ///
    /// It may quote arguments of the command: do not log it where those are secret.
    pub fn message(&self) -> &str {
        &self.0
    }

    /// What it is about, by its code.
    pub fn kind(&self) -> ServerErrorKind {
        use ServerErrorKind::*;
        match self.code() {
            "ERR" => {
                let rest = self.0["ERR".len()..].trim_start();
                if starts_with(rest, "unknown command") {
                    UnknownCommand
                } else if starts_with(rest, "max number of clients reached") {
                    MaxClients
                } else {
                    Err
                }
            }
            "WRONGTYPE" => WrongType,
            "NOAUTH" => NoAuth,
            "WRONGPASS" => WrongPass,
            "NOPERM" => NoPerm,
            "NOPROTO" => NoProto,
            "NOSCRIPT" => NoScript,
            "LOADING" => Loading,
            "BUSY" => Busy,
            "TRYAGAIN" => TryAgain,
            "CLUSTERDOWN" => ClusterDown,
            "MASTERDOWN" => MasterDown,
            "MOVED" => Moved,
            "ASK" => Ask,
            "REDIRECT" => Redirected,
            "UNBLOCKED" => Unblocked,
            "CROSSSLOT" => CrossSlot,
            "READONLY" => ReadOnly,
            "OOM" => OutOfMemory,
            "EXECABORT" => ExecAbort,
            "MISCONF" => MisConf,
            "NOREPLICAS" => NoReplicas,
            "UNKILLABLE" => UnkillableScript,
            "NOTBUSY" => NotBusy,
            "BUSYGROUP" => BusyGroup,
            "NOGROUP" => NoGroup,
            "BUSYKEY" => BusyKey,
            _ => Other,
        }
    }

    /// Whether the same command may succeed a little later: the server is loading, busy, full,
    /// or its cluster or replication is not complete.
    pub fn is_transient(&self) -> bool {
        use ServerErrorKind::*;
        matches!(self.kind(), Loading | Busy | TryAgain | ClusterDown | MasterDown | MaxClients)
    }

    /// The node that a `MOVED`, `ASK` or `REDIRECT` error points to; `None` if it is neither, or malformed.
    ///
    /// The text comes from the server: a slot that no cluster has, port 0, or a host that is no name or
    /// address counts as malformed.
    ///
    /// ```
    /// use redmux_resp::ServerError;
    /// let error = ServerError::new("MOVED 3999 127.0.0.1:6381");
    /// let to = error.redirect().unwrap();
    /// assert_eq!((to.slot, to.host, to.port), (Some(3999), "127.0.0.1", 6381));
    /// ```
    pub fn redirect(&self) -> Option<Redirect<'_>> {
        let mut words = self.0.split(' ');
        let slot = match words.next()? {
            "MOVED" | "ASK" => Some(words.next()?.parse().ok().filter(|slot| *slot < SLOTS)?),
            "REDIRECT" => None,
            _ => return None,
        };
        // An IPv6 address comes without brackets: the port is after the last colon.
        let (host, port) = words.next()?.trim_end().rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        is_host(host).then_some(Redirect { slot, host, port })
    }

    /// The text without what may quote the caller's arguments, or values that the server has.
    fn discreet(&self) -> Cow<'_, str> {
        let cut = |(mark, kept): &(&str, usize)| find(&self.0, mark).map(|start| start + kept);
        let end = QUOTING.iter().filter_map(cut).min().unwrap_or(self.0.len());
        let mut text = Cow::Borrowed(&self.0[..end]);
        if let Some(start) = find(&text, NO_INDEX) {
            text = left_out("", &text[start..]).into();
        }
        for quote in *b"\"`'" {
            if let Some(shorter) = without_quoted(&text, quote) {
                text = shorter.into();
            }
        }
        text
    }
}

/// Where the mark is in the text. The search of `str` would be a large part of a page.
pub(crate) fn find(text: &str, mark: &str) -> Option<usize> {
    let mut places = text.as_bytes().windows(mark.len());
    places.position(|place| place == mark.as_bytes())
}

/// The text with what is between the first and the last quote left out, unless that is a name of the server's. What is
/// quoted may have quotes itself.
fn without_quoted(text: &str, quote: u8) -> Option<String> {
    let is_quote = |byte: &u8| *byte == quote;
    let first = text.as_bytes().iter().position(is_quote)?;
    let last = text.as_bytes().iter().rposition(is_quote)?;
    let inside = text.as_bytes().get(first + 1..last)?;
    let (before, behind) = (&text[..first], &text[last + 1..]);
    // An option or a command in capitals; or the name of a command.
    let of_server = inside.iter().any(u8::is_ascii_uppercase)
        && inside.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_lowercase())
        || before.ends_with("command ")
        || behind.starts_with(" command");
    (!of_server).then(|| left_out(before, behind))
}

/// Both texts, and between them that something is left out.
fn left_out(before: &str, behind: &str) -> String {
    let mut text = String::from(before);
    text.push('…');
    text.push_str(behind);
    text
}

/// Whether this may be a name, an address, or a word for one (`?`, nothing).
fn is_host(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%?".contains(&byte);
    text.len() <= LONGEST_HOST && text.bytes().all(fits)
}

/// The longest name that DNS has.
const LONGEST_HOST: usize = 253;

/// Where Redis quotes arguments, a new user's password among them, and how much of the mark
/// itself can be shown.
const QUOTING: [(&str, usize); 13] = [
    (", with args beginning with", 0),
    ("ACL SETUSER modifier '", "ACL SETUSER modifier".len()),
    ("Invalid argument '", "Invalid argument".len()),
    // Modules: a word of a query, a stored value, an index, an option, a unit, a field, a dictionary, a scorer, an attribute.
    (" near ", 0),
    (" but found ", 0),
    ("Index not found: ", "Index not found".len()),
    ("Unrecognized argument: ", "Unrecognized argument".len()),
    ("Unknown distance unit ", "Unknown distance unit".len()),
    (" after sort field (", " after sort field".len()),
    (" in schema - ", " in schema".len()),
    ("Dict does not exist: ", "Dict does not exist".len()),
    ("No such scorer ", "No such scorer".len()),
    ("Invalid attribute ", "Invalid attribute".len()),
];

/// Before it, search names the index.
pub(crate) const NO_INDEX: &str = ": no such index";

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.discreet())
    }
}

impl fmt::Debug for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerError").field(&self.discreet()).finish()
    }
}

impl std::error::Error for ServerError {}

/// Whether the text begins like this, in any case.
pub(crate) fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_kinds() {
        use ServerErrorKind::*;
        for (text, code, kind, transient) in [
            ("ERR syntax error", "ERR", Err, false),
            ("ERR", "ERR", Err, false),
            ("ERR max number of clients reached", "ERR", MaxClients, true),
            ("ERR unknown command `FOO`, with args beginning with: ", "ERR", UnknownCommand, false),
            ("ERR Unknown command", "ERR", UnknownCommand, false),
            ("ERR unknown subcommand 'x'. Try CONFIG HELP.", "ERR", Err, false),
            ("WRONGTYPE Operation against a key", "WRONGTYPE", WrongType, false),
            ("LOADING Redis is loading the dataset in memory", "LOADING", Loading, true),
            ("-LOADING two dashes", "-LOADING", Other, false),
            ("my own error", "", Other, false),
            ("", "", Other, false),
            ("ÄERR", "", Other, false),
            ("MY_CODE x", "MY_CODE", Other, false),
        ] {
            let error = ServerError::new(text);
            assert_eq!(
                (error.code(), error.kind(), error.is_transient()),
                (code, kind, transient),
                "{text}"
            );
            assert_eq!(error.message(), text);
        }
    }

    #[test]
    fn redirects() {
        let moved = ServerError::new("MOVED 3999 127.0.0.1:6381");
        let to = |slot, host, port| Some(Redirect { slot, host, port });
        assert_eq!(moved.redirect(), to(Some(3999), "127.0.0.1", 6381));
        let same_host = ServerError::new("ASK 1 :6381");
        assert_eq!(same_host.redirect(), to(Some(1), "", 6381));
        let six = ServerError::new("MOVED 1 2001:db8::1:6381");
        assert_eq!(six.redirect(), to(Some(1), "2001:db8::1", 6381));
        let nameless = ServerError::new("MOVED 16383 ?:7102");
        assert_eq!(nameless.redirect(), to(Some(16_383), "?", 7102));
        let primary = ServerError::new("REDIRECT db-1.example.com:6380");
        assert_eq!(primary.redirect(), to(None, "db-1.example.com", 6380));
        assert_eq!(primary.kind(), ServerErrorKind::Redirected);
        for text in [
            "ERR x",
            "MOVED",
            "MOVED x 1:1",
            "MOVED 1",
            "MOVED 1 host",
            "MOVED 1 host:x",
            "MOVED 99999 h:1",
            "MOVED 16384 h:1",
            "MOVED -1 h:1",
            "MOVED 1 h:0",
            "MOVED 1 h:65536",
            "MOVED 1 h/../x:1",
            "MOVED 1 user@h:1",
            "REDIRECT",
            "REDIRECT h",
        ] {
            assert_eq!(ServerError::new(text).redirect(), None, "{text}");
        }
        let long = format!("MOVED 1 {}:1", "x".repeat(254));
        assert_eq!(ServerError::new(long).redirect(), None);
    }

    #[test]
    fn prints_no_arguments() {
        for (text, shown) in [
            (
                "ERR unknown command 'x', with args beginning with: 'hunter2' ",
                "ERR unknown command 'x'",
            ),
            (
                "ERR Error in ACL SETUSER modifier '>hunter2 ': Syntax error",
                "ERR Error in ACL SETUSER modifier",
            ),
            ("ERR Invalid argument 'hunter2' for CONFIG SET 'maxmemory'", "ERR Invalid argument"),
            (
                "ERR wrong number of arguments for 'get' command",
                "ERR wrong number of arguments for 'get' command",
            ),
        ] {
            let error = ServerError::new(text);
            assert_eq!(error.to_string(), shown);
            assert!(!format!("{error:?}").contains("hunter2"));
            assert_eq!(error.message(), text);
        }
    }

    #[test]
    fn prints_nothing_that_modules_quote() {
        for (text, shown) in [
            ("ERR Path '$.hunter2' does not exist", "ERR Path … does not exist"),
            (
                "ERR Path '$['hunter2']' does not exist or not an array",
                "ERR Path … does not exist or not an array",
            ),
            (
                "WRONGTYPE wrong type of path value - expected string but found \"hunter2\"",
                "WRONGTYPE wrong type of path value - expected string",
            ),
            (
                "Error occurred on position 4, \"$.hunter2[ <<<<----\", expected one of the following: '<number>', '*'.",
                "Error occurred on position 4, …, expected one of the following: ….",
            ),
            ("Syntax error at offset 8 near hunter2", "Syntax error at offset 8"),
            ("No such parameter `hunter2`", "No such parameter …"),
            ("No such scorer hunter2", "No such scorer"),
            ("Dict does not exist: hunter2", "Dict does not exist"),
            ("Invalid attribute hunter2", "Invalid attribute"),
            ("Property `hunter2` not loaded nor in schema", "Property … not loaded nor in schema"),
            ("hunter2: no such index", "…: no such index"),
            (
                "SEARCH_INDEX_NOT_FOUND Index not found: hunter2",
                "SEARCH_INDEX_NOT_FOUND Index not found",
            ),
            ("Unknown function name 'hunter2'", "Unknown function name …"),
            ("Unrecognized argument: hunter2", "Unrecognized argument"),
            ("Unknown distance unit hunter2", "Unknown distance unit"),
            (
                "MISSING ASC or DESC after sort field (hunter2)",
                "MISSING ASC or DESC after sort field",
            ),
            ("No `SEARCH` or `AGGREGATE` provided", "No … provided"),
            (
                "Unknown argument `ADDSCORES` at position 1 for <main>",
                "Unknown argument `ADDSCORES` at position 1 for <main>",
            ),
            (
                "ERR unknown subcommand 'x'. Try CONFIG HELP.",
                "ERR unknown subcommand 'x'. Try CONFIG HELP.",
            ),
            (
                "NOPERM User x has no permissions to run the 'get' command",
                "NOPERM User x has no permissions to run the 'get' command",
            ),
        ] {
            let error = ServerError::new(text);
            assert_eq!(error.to_string(), shown);
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn is_two_words() {
        assert_eq!(size_of::<ServerError>(), 2 * size_of::<usize>());
    }
}
