//! What the task knows of its servers and tells the page.

#[path = "../../../examples/cluster/json.rs"]
mod json;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use self::json::Line;

/// More than are said between two lines.
const SAID: usize = 50;

/// What somebody, or the script, wants done
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Kill(Option<usize>),
    Back(Option<usize>),
    FailOver(Option<usize>),
    Move,
    /// Whether the script goes on by itself.
    Auto(bool),
}

impl Order {
    /// Reads `kill`, or `kill/2` for a server.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, place) = match text.split_once('/') {
            Some((name, place)) => (name, Some(place.parse().ok()?)),
            None => (text, None),
        };
        match (name, place) {
            ("kill", place) => Some(Self::Kill(place)),
            ("back", place) => Some(Self::Back(place)),
            ("fail-over", place) => Some(Self::FailOver(place)),
            ("move", None) => Some(Self::Move),
            ("auto", None) => Some(Self::Auto(true)),
            ("by-hand", None) => Some(Self::Auto(false)),
            _ => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Kill(_) => "kill a primary",
            Self::Back(_) => "bring it back",
            Self::FailOver(_) => "fail over",
            Self::Move => "move slots",
            Self::Auto(_) => "",
        }
    }
}

/// A server of the cluster
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) endpoint: String,
    pub(crate) is_running: bool,
}

/// What is going on
#[derive(Default)]
pub(crate) struct Stage {
    inner: Mutex<Inner>,
}

#[derive(Default)]
pub(crate) struct Inner {
    /// Empty until the cluster has been started.
    pub(crate) servers: Vec<Server>,
    /// What is being done just now.
    pub(crate) doing: Option<String>,
    pub(crate) is_automatic: bool,
    /// What the script does next, and when.
    pub(crate) next: Option<(Order, Instant)>,
    said: VecDeque<(&'static str, String)>,
    pub(crate) is_over: bool,
}

/// The name of a server on the page.
pub(crate) fn name(place: usize) -> char {
    (b'A'..=b'Z').nth(place).map_or('?', char::from)
}

impl Stage {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line to the page's log; `tone` is `good`, `warn`, `bad` or empty.
    pub(crate) fn say(&self, tone: &'static str, text: String) {
        let mut stage = self.lock();
        if stage.said.len() == SAID {
            stage.said.pop_front();
        }
        stage.said.push_back((tone, text));
    }

    pub(crate) fn doing(&self, what: impl Into<Option<String>>) {
        self.lock().doing = what.into();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.lock().is_over
    }

    /// Writes all of it, with a line of the client that watches; what was said is said once.
    pub(crate) fn line(&self, watch: Option<&str>) -> String {
        let mut stage = self.lock();
        let said = std::mem::take(&mut stage.said);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let mut line = Line::new();
        line.object(|all| {
            all.name("at").number(now.as_millis() as f64);
            all.name("servers").list(stage.servers.iter().enumerate(), |(place, server), all| {
                all.object(|one| {
                    one.name("name").text(name(place));
                    one.name("endpoint").text(&server.endpoint);
                    one.name("running").boolean(server.is_running);
                });
            });
            all.name("doing").maybe(stage.doing.as_ref(), |doing, all| all.text(doing));
            all.name("automatic").boolean(stage.is_automatic);
            let next = stage.next.filter(|_| stage.is_automatic);
            all.name("next").maybe(next, |(order, at), all| {
                all.object(|next| {
                    next.name("what").text(order.words());
                    let wait = at.saturating_duration_since(Instant::now());
                    next.name("seconds").number(wait.as_secs_f64().ceil());
                });
            });
            all.name("said").list(said, |(tone, text), all| {
                all.object(|one| {
                    one.name("tone").text(tone);
                    one.name("text").text(text);
                });
            });
            // It is JSON already.
            all.name("watch").maybe(watch, |watch, all| all.raw(watch));
        });
        line.done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_words_and_perhaps_a_server() {
        assert_eq!(Order::parse("kill"), Some(Order::Kill(None)));
        assert_eq!(Order::parse("back/5"), Some(Order::Back(Some(5))));
        assert_eq!(Order::parse("by-hand"), Some(Order::Auto(false)));
        for wrong in ["", "kill/", "kill/x", "kill/-1", "move/1", "KILL", "kill/1/2"] {
            assert_eq!(Order::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_said_is_said_once_and_not_without_bound() {
        let stage = Stage::default();
        (0..2 * SAID).for_each(|number| stage.say("good", format!("\"{number}\"")));
        let line = stage.line(Some("{\"a\":1}"));
        assert!(line.ends_with("],\"watch\":{\"a\":1}}"), "{line}");
        assert_eq!(line.matches("\"good\"").count(), SAID);
        assert!(line.contains(r#""text":"\"99\"""#), "{line}");
        assert!(stage.line(None).ends_with("\"said\":[],\"watch\":null}"));
    }
}
