//! Reports one call to its observers.

use std::{borrow::Cow, sync::Arc, time::Duration};

#[cfg(feature = "full")]
use crate::connection::Lent;
use crate::{
    Error,
    connection::{Link, Passage, TraceId, contained},
    events::{Event, InternalError},
    observe::{
        CommandFailure, CommandObservation, CommandObserver, CommandOutcome, CommandRecord,
        ObservedCommand, Timings,
    },
};

/// Who observes the calls of a handle
#[derive(Clone, Default)]
pub(crate) struct Observers(Vec<Arc<dyn CommandObserver>>);

impl Observers {
    pub(crate) fn add(&mut self, observer: Arc<dyn CommandObserver>) {
        self.0.push(observer);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of them is interested at this moment.
    pub(super) fn are_enabled(&self) -> bool {
        // One that panics is reported where the call begins.
        self.0.iter().any(|observer| contained(|| observer.is_enabled()).unwrap_or(true))
    }
}

impl std::fmt::Debug for Observers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Observers({})", self.0.len())
    }
}

/// One observed call; if it is dropped before its end, the call was abandoned
pub(super) struct Observed<'a> {
    link: &'a Link,
    command: ObservedCommand,
    /// Empty once they know the end.
    observations: Vec<Box<dyn CommandObservation>>,
    /// By the link's clock.
    began: u64,
    attempts: u32,
    queued: Option<u64>,
    /// The present attempt, as the link knows it.
    trace: Option<TraceId>,
    /// The connection that was leased for that.
    #[cfg(feature = "full")]
    lent: Option<Arc<dyn Lent>>,
    /// What is known of an attempt that is over.
    passed: Passage,
}

impl<'a> Observed<'a> {
    /// Reports the begin of a call; `None` if no observer wants it.
    pub(super) fn begin(
        link: &'a Link,
        name: Cow<'static, str>,
        batch: Option<u32>,
        observers: &Observers,
    ) -> Option<Self> {
        let began = link.clock.now();
        let command = ObservedCommand {
            name,
            batch,
            endpoint: link.endpoint(),
            database: link.config.database,
            started: link.clock.instant(began),
        };
        let begin = |observer: &Arc<dyn CommandObserver>| {
            let begun = contained(|| match observer.is_enabled() {
                true => observer.started(&command),
                false => None,
            });
            begun.unwrap_or_else(|| {
                report_panic(link);
                None
            })
        };
        let observations: Vec<_> = observers.0.iter().filter_map(begin).collect();
        (!observations.is_empty()).then(|| Self {
            link,
            command,
            observations,
            began,
            attempts: 1,
            queued: None,
            trace: None,
            #[cfg(feature = "full")]
            lent: None,
            passed: Passage::default(),
        })
    }

    /// Another attempt begins.
    pub(super) fn again(&mut self) {
        self.attempts += 1;
        self.queued = None;
        self.passage();
        self.passed = Passage::default();
        self.command.endpoint = self.link.endpoint();
    }

    /// The command is in the output queue.
    pub(super) fn queued(&mut self, trace: TraceId) {
        (self.queued, self.trace) = (Some(self.link.clock.now()), Some(trace));
    }

    /// The command is for the server of this link.
    #[cfg(feature = "topology")]
    pub(super) fn sent_over(&mut self, link: &'a Link) {
        if !std::ptr::eq(self.link, link) {
            self.passage();
            self.passed = Passage::default();
            (self.link, self.command.endpoint) = (link, link.endpoint());
        }
    }

    /// The command is on its way over a leased connection.
    #[cfg(feature = "full")]
    pub(super) fn sent_on(&mut self, lent: Arc<dyn Lent>) {
        self.lent = Some(lent);
    }

    /// The present attempt is over, and its connection goes back.
    #[cfg(feature = "full")]
    pub(super) fn leave(&mut self) {
        self.passed = self.passage();
        self.lent = None;
    }

    /// The call is over, if it has not been before.
    pub(super) fn end(&mut self, error: Option<&Error>) {
        self.end_as(match error {
            None => CommandOutcome::Succeeded,
            Some(error) => CommandOutcome::Failed(CommandFailure::of(error)),
        });
    }

    /// Reports that the call is forgotten.
    pub(super) fn forgotten(&mut self, error: Option<&Error>) {
        match error {
            None => self.end_as(CommandOutcome::Forgotten),
            error => self.end(error),
        }
    }

    fn passage(&mut self) -> Passage {
        let Some(trace) = self.trace.take() else { return self.passed };
        #[cfg(feature = "full")]
        if let Some(lent) = &self.lent {
            return lent.link().with(|core| core.end_trace(trace));
        }
        self.link.with(|core| core.end_trace(trace))
    }

    fn end_as(&mut self, outcome: CommandOutcome) {
        let Passage { sent, answered } = self.passage();
        let observations = std::mem::take(&mut self.observations);
        if observations.is_empty() {
            return;
        }
        // The driver's readings of the clock are older than what they stand for.
        let mut last = self.began;
        let mut since = |at: u64| {
            last = last.max(at);
            Duration::from_micros(last - self.began)
        };
        let timings = Timings {
            queued: self.queued.map(&mut since),
            sent: sent.map(&mut since),
            answered: answered.map(&mut since),
            ended: since(self.link.clock.now()),
        };
        let command = self.command.clone();
        let record = CommandRecord { command, attempts: self.attempts, timings, outcome };
        // This may run while another panic unwinds, and then a second one would abort the process.
        for observation in observations {
            if contained(|| observation.ended(&record)).is_none() {
                report_panic(self.link);
            }
        }
    }
}

#[cold]
fn report_panic(link: &Link) {
    link.owner.publish(Event::InternalError(InternalError {
        endpoint: Some(link.endpoint()),
        connection_type: Some(link.connection_type),
        origin: "command observer",
        detail: "it panicked; the call goes on without it".to_owned(),
    }));
}

impl Drop for Observed<'_> {
    fn drop(&mut self) {
        self.end_as(CommandOutcome::Abandoned);
    }
}
