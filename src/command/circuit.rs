//! What the circuit breaker of a server says to a command, and what it hears of it.

use std::time::Duration;

use crate::{
    Delivery, Error, ErrorKind, Result,
    connection::{Change, Link, Verdict},
    events::{CircuitClosed, CircuitOpened, Event},
};

/// Admits a command to the server of this link, or refuses it. `Ok(true)`: it is the probe.
pub(super) fn admit(link: &Link) -> Result<bool> {
    let Some(breaker) = link.config.breaker.as_deref() else { return Ok(false) };
    breaker.admit(|| link.clock.now()).ok_or_else(refused)
}

/// The same for a command whose outcome will not be known.
pub(super) fn admit_unheard(link: &Link) -> Result<()> {
    let Some(breaker) = link.config.breaker.as_deref() else { return Ok(()) };
    breaker.is_passable(|| link.clock.now()).then_some(()).ok_or_else(refused)
}

/// A call is over. `home` is the link that it was made for, `link` the one that had the command.
pub(super) fn settle(home: &Link, link: &Link, probe: bool, error: Option<&Error>) {
    let Some(breaker) = link.config.breaker.as_deref() else { return };
    let verdict = match error.map(Error::kind) {
        None | Some(ErrorKind::Server | ErrorKind::Decode) => Verdict::Success,
        Some(ErrorKind::Timeout(_) | ErrorKind::Connect(_)) => Verdict::Failure,
        Some(ErrorKind::ConnectionLost | ErrorKind::Protocol) => {
            Verdict::Lost(link.with(|core| core.lineage()))
        }
        // It says nothing of the server.
        Some(_) => return,
    };
    let event = match breaker.settle(verdict, probe, || link.clock.now()) {
        None => return,
        Some(Change::Opened) => Event::CircuitOpened(CircuitOpened {
            endpoint: link.endpoint(),
            pause: breaker.pause(),
            error: error.cloned(),
        }),
        Some(Change::Closed { after }) => Event::CircuitClosed(CircuitClosed {
            endpoint: link.endpoint(),
            after: Duration::from_micros(after),
        }),
    };
    home.owner.publish(event);
}

fn refused() -> Error {
    let error = Error::new(ErrorKind::CircuitOpen, Delivery::NotSent);
    error.detail("too many commands failed before; one is let through after each pause")
}
