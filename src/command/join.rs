//! One reply of several: what became of the parts of a command that was split, or of a command that all servers got.

use bytes::Bytes;

use super::{ResponsePolicy, route::Split};
use crate::{
    Delivery, Error, ErrorKind, Result,
    resp::{DecodeError, Frame, Kind, Reply, ServerError, ServerErrorKind},
};

/// Commands of a special policy whose replies make one; what the others say of two servers is not one thing.
const JOINED_SPECIALLY: [&str; 2] = ["RANDOMKEY", "FUNCTION STATS"];

/// Whether the replies of several servers to this command make one reply. If they do not, a caller has to say which
/// server is meant.
pub(crate) fn can_be_joined(name: &str, policy: ResponsePolicy) -> bool {
    policy != ResponsePolicy::Special || JOINED_SPECIALLY.contains(&name)
}

impl Split {
    /// Makes one reply of those to the [parts](Split::parts), in their order.
    ///
    /// # Errors
    /// The one of a part, if any failed: see [`fault`].
    pub(crate) fn join(&self, name: &str, outcomes: Vec<Result<Frame>>) -> Result<Frame> {
        if self.responses != ResponsePolicy::Joined {
            return join(name, self.responses, outcomes, 0);
        }
        let outcomes = all_checked(name, outcomes)?;
        let mut places: Vec<Option<&[u8]>> = vec![None; self.key_count()];
        for (part, frame) in self.parts.iter().zip(outcomes.iter().flatten()) {
            let keys = self.keys(part);
            // Most parts have one key, and a list of one element is that element behind these bytes.
            if let ([key], Some(item)) = (keys, frame.as_bytes().strip_prefix(b"*1\r\n")) {
                if let Some(place) = places.get_mut(self.place(*key)) {
                    *place = Some(item);
                }
                continue;
            }
            let mut items = elements(name, frame)?;
            for key in keys {
                let place = places.get_mut(self.place(*key));
                let item = items.next().map(|item| item.raw());
                if let (Some(place), Some(item)) = (place, item) {
                    *place = Some(item);
                }
            }
            if items.next().is_some() {
                return Err(unlike(name, frame.reply(), "as many elements as keys"));
            }
        }
        match places.into_iter().collect::<Option<Vec<_>>>() {
            Some(items) => Ok(array(&items)),
            None => Err(Error::new(ErrorKind::Decode, Delivery::Answered)
                .command(name)
                .detail("a part has fewer elements than keys")),
        }
    }
}

/// Makes one reply of those of several servers; `random` chooses where any will do.
///
/// # Errors
/// That of a server, if any failed and none may: see [`fault`]; replies that do not go together.
pub(crate) fn join(
    name: &str,
    policy: ResponsePolicy,
    outcomes: Vec<Result<Frame>>,
    random: u64,
) -> Result<Frame> {
    if policy == ResponsePolicy::OneSucceeded {
        return one_of(name, outcomes);
    }
    let mut frames = all_of(name, outcomes)?;
    match policy {
        ResponsePolicy::Joined => {
            let mut items = Vec::new();
            for frame in &frames {
                items.extend(elements(name, frame)?.map(|item| item.raw()));
            }
            Ok(array(&items))
        }
        ResponsePolicy::Sum => {
            let mut sum = 0i64;
            for frame in &frames {
                let number = frame.reply().as_i64();
                let next = number.and_then(|number| sum.checked_add(number));
                sum = next.ok_or_else(|| unlike(name, frame.reply(), "a number to add"))?;
            }
            Ok(Frame::copy_from_slice(format!(":{sum}\r\n").as_bytes()))
        }
        ResponsePolicy::LogicalAnd => all_true(name, &frames),
        ResponsePolicy::Special if name == "RANDOMKEY" => {
            // An empty server has none.
            let keys: Vec<usize> =
                (0..frames.len()).filter(|place| !frames[*place].reply().is_null()).collect();
            let chosen = keys.get((random % keys.len().max(1) as u64) as usize);
            Ok(frames.swap_remove(chosen.copied().unwrap_or(0)))
        }
        ResponsePolicy::Special if name == "FUNCTION STATS" => {
            let running = frames.iter().position(runs_a_function);
            Ok(frames.swap_remove(running.unwrap_or(0)))
        }
        ResponsePolicy::Special if frames.len() > 1 => Err(Error::rejected(
            name,
            "each server has an answer of its own: ask the one that is meant",
        )),
        _ => Ok(frames.swap_remove(0)),
    }
}

/// The replies, if all parts have succeeded; there is one at least.
fn all_of(name: &str, outcomes: Vec<Result<Frame>>) -> Result<Vec<Frame>> {
    Ok(all_checked(name, outcomes)?.into_iter().flatten().collect())
}

/// The same in the list that they came in: there may be thousands.
fn all_checked(name: &str, outcomes: Vec<Result<Frame>>) -> Result<Vec<Result<Frame>>> {
    let is_reply = |outcome: &Result<Frame>| matches!(outcome, Ok(frame) if !frame.is_error());
    if !outcomes.is_empty() && outcomes.iter().all(is_reply) {
        return Ok(outcomes);
    }
    let outcomes: Vec<Result<Frame>> =
        outcomes.into_iter().map(|outcome| checked(name, outcome)).collect();
    match fault(name, &outcomes) {
        Some(fault) => Err(fault),
        None => Ok(outcomes),
    }
}

/// One reply that is a success; if there is none, the error that says most.
fn one_of(name: &str, outcomes: Vec<Result<Frame>>) -> Result<Frame> {
    let mut outcomes: Vec<Result<Frame>> =
        outcomes.into_iter().map(|outcome| checked(name, outcome)).collect();
    if let Some(Ok(frame)) = outcomes.iter().find(|outcome| outcome.is_ok()) {
        return Ok(frame.clone());
    }
    // Where nothing runs, there was nothing to stop: another server says why it did not stop.
    let is_idle = |outcome: &Result<Frame>| {
        let server = outcome.as_ref().err().and_then(Error::server);
        server.is_some_and(|error| error.code() == "NOTBUSY")
    };
    outcomes.sort_by_key(is_idle);
    Err(fault(name, &outcomes).unwrap_or_else(|| nobody(name)))
}

/// The error of a command of which these are the outcomes; `None` if all are replies.
///
/// It is the one that leaves most open: one of a part that may have been executed, then one that a server answered
/// with, then one of a part that was not sent. If another part was executed or may have been, the command as a
/// whole may have been executed, unless a server answered that this part is wrong: then all is known. A redirect is not such an answer.
fn fault(name: &str, outcomes: &[Result<Frame>]) -> Option<Error> {
    let errors: Vec<&Error> =
        outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    if outcomes.is_empty() {
        return Some(nobody(name));
    }
    let openness = |error: &&&Error| match error.delivery() {
        Delivery::MaybeExecuted => 3,
        Delivery::Answered if !is_passing(error) => 2,
        Delivery::Answered => 1,
        Delivery::NotSent => 0,
    };
    // The first of several that leave equally much open.
    let error = *errors.iter().rev().max_by_key(openness)?;
    let (failed, all) = (errors.len(), outcomes.len());
    let another_ran = failed < all;
    let is_open = error.delivery() == Delivery::NotSent || is_passing(error);
    let error = error.clone().command(name).in_parts(failed, all);
    Some(match another_ran && is_open {
        true => error.deliver(Delivery::MaybeExecuted),
        false => error,
    })
}

/// Whether the error says nothing of the command: it has not run there, and would have elsewhere or later.
fn is_passing(error: &Error) -> bool {
    use ServerErrorKind::{Ask, Moved, ReadOnly, Redirected, Unblocked};
    let kind = error.server().map(ServerError::kind);
    error.is_retryable() || matches!(kind, Some(Moved | Ask | Redirected | ReadOnly | Unblocked))
}

/// An error that a server answered with is an error here, too.
fn checked(name: &str, outcome: Result<Frame>) -> Result<Frame> {
    match outcome {
        Ok(frame) if frame.is_error() => match frame.reply().error() {
            Some(error) => Err(Error::from_server(error).command(name)),
            None => Ok(frame),
        },
        outcome => outcome,
    }
}

/// For each place, whether all have 1 there.
fn all_true(name: &str, frames: &[Frame]) -> Result<Frame> {
    let mut all: Option<Vec<bool>> = None;
    for frame in frames {
        let mut truths = Vec::new();
        for item in elements(name, frame)? {
            let truth = item.as_bool();
            truths.push(truth.ok_or_else(|| unlike(name, item, "1 or 0 in each place"))?);
        }
        all = Some(match all {
            None => truths,
            Some(all) if all.len() == truths.len() => {
                all.iter().zip(&truths).map(|(one, other)| *one && *other).collect()
            }
            Some(_) => return Err(unlike(name, frame.reply(), "as many elements as the others")),
        });
    }
    let items: Vec<&[u8]> = all
        .unwrap_or_default()
        .iter()
        .map(|truth| match truth {
            true => &b":1\r\n"[..],
            false => &b":0\r\n"[..],
        })
        .collect();
    Ok(array(&items))
}

fn elements<'f>(name: &str, frame: &'f Frame) -> Result<impl Iterator<Item = Reply<'f>>> {
    let reply = frame.reply();
    let is_list = matches!(reply.kind(), Kind::Array | Kind::Set);
    let items = reply.items().filter(|_| is_list);
    items.ok_or_else(|| unlike(name, frame.reply(), "a list of elements"))
}

/// Whether a reply to `FUNCTION STATS` is that of a server that runs a function now.
fn runs_a_function(frame: &Frame) -> bool {
    let Some(mut items) = frame.reply().items() else { return false };
    while let (Some(name), Some(value)) = (items.next(), items.next()) {
        if name.as_bytes().as_deref() == Some(b"running_script") {
            return !value.is_null();
        }
    }
    false
}

fn array(items: &[&[u8]]) -> Frame {
    let header = format!("*{}\r\n", items.len());
    let length = items.iter().map(|item| item.len()).sum::<usize>() + header.len();
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(header.as_bytes());
    items.iter().for_each(|item| bytes.extend_from_slice(item));
    Frame::from_bytes(Bytes::from(bytes))
}

fn unlike(name: &str, reply: Reply<'_>, expected: &'static str) -> Error {
    Error::from_decode(DecodeError::new(expected, reply.kind())).command(name)
}

fn nobody(name: &str) -> Error {
    Error::new(ErrorKind::ConnectionLost, Delivery::NotSent)
        .command(name)
        .detail("no server is known that could execute it")
}

#[cfg(test)]
mod model;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        command::{CommandSpec, Route},
        error::TimeoutStage,
    };

    fn frame(text: &str) -> Frame {
        Frame::copy_from_slice(text.as_bytes())
    }

    fn frames(texts: &[&str]) -> Vec<Result<Frame>> {
        texts.iter().map(|text| Ok(frame(text))).collect()
    }

    fn joined(name: &str, texts: &[&str]) -> Result<Frame> {
        let mut words = name.split(' ');
        let (command, sub) = (words.next().unwrap(), words.next());
        let spec = CommandSpec::find(command, sub).expect(name);
        join(name, spec.response_policy(), frames(texts), 1)
    }

    #[test]
    fn replies_are_joined_as_their_policy_says() {
        for (name, texts, expected) in [
            ("DBSIZE", &[":2\r\n", ":0\r\n", ":40\r\n"][..], ":42\r\n"),
            (
                "KEYS",
                &["*1\r\n+a\r\n", "*0\r\n", "*2\r\n$1\r\nb\r\n+c\r\n"],
                "*3\r\n+a\r\n$1\r\nb\r\n+c\r\n",
            ),
            ("KEYS", &["~1\r\n+a\r\n"], "*1\r\n+a\r\n"),
            (
                "SLOWLOG GET",
                &["*1\r\n*1\r\n:1\r\n", "*1\r\n%1\r\n+a\r\n:1\r\n"],
                "*2\r\n*1\r\n:1\r\n%1\r\n+a\r\n:1\r\n",
            ),
            ("SCRIPT EXISTS", &["*2\r\n:1\r\n:1\r\n", "*2\r\n:1\r\n:0\r\n"], "*2\r\n:1\r\n:0\r\n"),
            ("SCRIPT EXISTS", &["*0\r\n", "*0\r\n"], "*0\r\n"),
            ("SCRIPT LOAD", &["$1\r\nx\r\n", "$1\r\nx\r\n"], "$1\r\nx\r\n"),
            ("FLUSHALL", &["+OK\r\n", "+OK\r\n"], "+OK\r\n"),
            ("SCRIPT KILL", &["-NOTBUSY x\r\n", "+OK\r\n"], "+OK\r\n"),
            ("RANDOMKEY", &["$-1\r\n", "_\r\n", "+a\r\n"], "+a\r\n"),
            ("RANDOMKEY", &["+a\r\n", "_\r\n", "+b\r\n"], "+b\r\n"),
            ("RANDOMKEY", &["$-1\r\n", "$-1\r\n"], "$-1\r\n"),
            (
                "FUNCTION STATS",
                &["*2\r\n+running_script\r\n*-1\r\n", "%1\r\n+running_script\r\n+f\r\n"],
                "%1\r\n+running_script\r\n+f\r\n",
            ),
            ("INFO", &["$1\r\nx\r\n"], "$1\r\nx\r\n"),
        ] {
            let reply = joined(name, texts).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(reply.as_bytes(), expected.as_bytes(), "{name}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_no_reply() {
        for (name, texts) in [
            ("DBSIZE", &[":1\r\n", "+x\r\n"][..]),
            ("DBSIZE", &[":9223372036854775807\r\n", ":1\r\n"]),
            ("KEYS", &["*0\r\n", "+x\r\n"]),
            ("KEYS", &["*-1\r\n"]),
            ("KEYS", &["%1\r\n+a\r\n+b\r\n"]),
            ("SCRIPT EXISTS", &["*1\r\n:1\r\n", "*2\r\n:1\r\n:1\r\n"]),
            ("SCRIPT EXISTS", &["*1\r\n:2\r\n"]),
        ] {
            let error = joined(name, texts).expect_err(name);
            assert_eq!((error.kind(), error.command_name()), (ErrorKind::Decode, Some(name)));
        }
        assert!(joined("INFO", &["+x\r\n", "+y\r\n"]).unwrap_err().is_rejected());
        assert_eq!(joined("DBSIZE", &[]).unwrap_err().delivery(), Delivery::NotSent);
        assert_eq!(joined("SCRIPT KILL", &[]).unwrap_err().delivery(), Delivery::NotSent);
    }

    #[test]
    fn each_command_that_several_servers_get_is_joined_or_refused() {
        let mut refused = Vec::new();
        for spec in CommandSpec::all() {
            let several = matches!(spec.route(), Route::Split | Route::Primaries | Route::Nodes);
            assert!(several || spec.response_policy() == ResponsePolicy::Single, "{}", spec.name());
            if !can_be_joined(spec.name(), spec.response_policy()) {
                refused.push(spec.name());
            }
        }
        assert_eq!(
            refused,
            [
                "INFO",
                "LATENCY DOCTOR",
                "LATENCY GRAPH",
                "LATENCY HISTOGRAM",
                "LATENCY HISTORY",
                "LATENCY LATEST",
                "MEMORY DOCTOR",
                "MEMORY MALLOC-STATS",
                "MEMORY STATS"
            ]
        );
    }

    #[test]
    fn the_error_is_that_which_leaves_most_open() {
        use Delivery::{Answered, MaybeExecuted, NotSent};
        let ok = || Ok(frame("+OK\r\n"));
        let unsent = || Err(Error::new(ErrorKind::ConnectionLost, NotSent));
        let lost = || {
            let stage = ErrorKind::Timeout(TimeoutStage::Response);
            Err(Error::new(stage, MaybeExecuted).detail("late"))
        };
        let server = |text: &str| Err(Error::from_server(ServerError::new(text)));
        let loading = || server("LOADING x");
        let wrong = || Ok(frame("-WRONGTYPE x\r\n"));
        for (outcomes, delivery, shown) in [
            (vec![unsent(), unsent()], NotSent, "2 of 2 parts failed"),
            (vec![ok(), unsent()], MaybeExecuted, "1 of 2 parts failed"),
            (vec![ok(), lost(), wrong()], MaybeExecuted, "late (2 of 3 parts failed)"),
            (vec![unsent(), lost()], MaybeExecuted, "late"),
            (vec![unsent(), wrong()], Answered, "WRONGTYPE"),
            (vec![ok(), wrong(), loading(), unsent()], Answered, "WRONGTYPE"),
            (vec![loading(), unsent()], Answered, "LOADING"),
            (vec![loading(), ok()], MaybeExecuted, "LOADING"),
            // Servers pointed at each other until the time was over.
            (vec![ok(), server("MOVED 1 h:1")], MaybeExecuted, "MOVED"),
            (vec![ok(), server("READONLY x")], MaybeExecuted, "READONLY"),
            (vec![server("MOVED 1 h:1"), wrong()], Answered, "WRONGTYPE"),
            (vec![server("MOVED 1 h:1"), unsent()], Answered, "MOVED"),
        ] {
            let error = join("MSET", ResponsePolicy::AllSucceeded, outcomes, 0).unwrap_err();
            let text = error.to_string();
            assert_eq!(error.delivery(), delivery, "{text}");
            assert!(text.starts_with("MSET: ") && text.contains(shown), "{text}");
            // What may have run is not sent again as if it had not.
            assert!(delivery != MaybeExecuted || !error.is_retryable(), "{text}");
        }
        let all = vec![server("NOTBUSY x"), server("UNKILLABLE y"), server("NOTBUSY x")];
        let error = join("SCRIPT KILL", ResponsePolicy::OneSucceeded, all, 0).unwrap_err();
        assert_eq!(error.server().map(ServerError::code), Some("UNKILLABLE"));
        let all = vec![server("NOTBUSY x"), server("NOTBUSY x")];
        let error = join("SCRIPT KILL", ResponsePolicy::OneSucceeded, all, 0).unwrap_err();
        assert_eq!(error.server().map(ServerError::code), Some("NOTBUSY"));
    }
}
