//! What sentinels announce.

use redmux_transport::Endpoint;

use super::said::Reach;

/// The channels of sentinels that say something of a primary; all of them begin with a sign.
pub(crate) const CHANNELS: [&str; 19] = [
    "+switch-master",
    "+promoted-slave",
    "+sdown",
    "-sdown",
    "+odown",
    "-odown",
    "+try-failover",
    "+selected-slave",
    "-failover-abort-no-good-slave",
    "-failover-abort-slave-timeout",
    "+failover-end",
    "+reboot",
    "+slave",
    "+convert-to-slave",
    "+role-change",
    "-role-change",
    "+sentinel",
    "+tilt",
    "-tilt",
];

/// What an announcement means for a service
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Another server is the primary now.
    Switched { from: Endpoint, to: Endpoint },
    /// The primary may be down, or about to be replaced.
    Trouble,
    /// Servers or sentinels came, went or changed.
    News,
    /// The clock of the sentinel jumps: for now its word counts for nothing; or it counts again.
    Tilt(bool),
}

impl Event {
    /// Reads a message; `None` if it does not concern the service.
    pub(crate) fn read(
        channel: &[u8],
        message: &[u8],
        service: &str,
        reach: Reach<'_>,
    ) -> Option<Self> {
        let channel = CHANNELS.iter().find(|known| known.as_bytes() == channel)?;
        if let Some(sign) = channel.strip_suffix("tilt") {
            return Some(Self::Tilt(sign == "+"));
        }
        let message = std::str::from_utf8(message).ok()?;
        let words: Vec<&str> = message.splitn(16, ' ').collect();
        let at = |host: usize| {
            let port = words.get(host + 1)?.parse().ok().filter(|port| *port != 0)?;
            let host = words.get(host).filter(|host| !host.is_empty() && host.len() <= 255)?;
            Some(reach(host, port))
        };
        if *channel == "+switch-master" {
            let of = words.first().is_some_and(|name| *name == service);
            return of.then(|| Some(Self::Switched { from: at(1)?, to: at(3)? }))?;
        }
        // An instance, its name, host and port, and of which primary it is, if it is none itself.
        let is_primary = matches!(words.first(), Some(&("master" | "primary")));
        let of = match words.get(4) {
            _ if is_primary => words.get(1),
            Some(&"@") => words.get(5),
            _ => None,
        };
        if of.is_none_or(|name| *name != service) {
            return None;
        }
        Some(match *channel {
            "+promoted-slave" if !is_primary => Self::Switched { from: at(6)?, to: at(2)? },
            "+sdown" | "+odown" | "+try-failover" | "+selected-slave" | "+reboot"
                if is_primary || *channel == "+selected-slave" =>
            {
                Self::Trouble
            }
            _ => Self::News,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(channel: &str, message: &str) -> Option<Event> {
        Event::read(channel.as_bytes(), message.as_bytes(), "mymaster", &|host, port| {
            Endpoint::tcp(host, port)
        })
    }

    fn at(port: u16) -> Endpoint {
        Endpoint::tcp("10.0.0.1", port)
    }

    #[test]
    fn a_switch_names_both() {
        let switched = Some(Event::Switched { from: at(1), to: at(2) });
        assert_eq!(read("+switch-master", "mymaster 10.0.0.1 1 10.0.0.1 2"), switched);
        let promoted = "slave 10.0.0.1:2 10.0.0.1 2 @ mymaster 10.0.0.1 1";
        assert_eq!(read("+promoted-slave", promoted), switched);
        let v6 = read("+switch-master", "mymaster fd00::1 1 fd00::2 2");
        let from = Endpoint::tcp("fd00::1", 1);
        assert_eq!(v6, Some(Event::Switched { from, to: Endpoint::tcp("fd00::2", 2) }));
    }

    #[test]
    fn others_are_hints() {
        for (channel, message, expected) in [
            ("+sdown", "master mymaster 10.0.0.1 1", Event::Trouble),
            ("+odown", "master mymaster 10.0.0.1 1 #quorum 2/2", Event::Trouble),
            ("+try-failover", "master mymaster 10.0.0.1 1", Event::Trouble),
            ("+selected-slave", "slave a 10.0.0.1 2 @ mymaster 10.0.0.1 1", Event::Trouble),
            ("-sdown", "master mymaster 10.0.0.1 1", Event::News),
            ("+sdown", "slave a 10.0.0.1 2 @ mymaster 10.0.0.1 1", Event::News),
            ("+slave", "slave a 10.0.0.1 2 @ mymaster 10.0.0.1 1", Event::News),
            ("+sentinel", "sentinel abc 10.0.0.1 26379 @ mymaster 10.0.0.1 1", Event::News),
            ("+tilt", "#tilt mode entered", Event::Tilt(true)),
            ("-tilt", "#tilt mode exited", Event::Tilt(false)),
        ] {
            assert_eq!(read(channel, message), Some(expected), "{channel} {message}");
        }
    }

    #[test]
    fn what_concerns_others_or_is_malformed_is_nothing() {
        for (channel, message) in [
            ("+switch-master", "other 10.0.0.1 1 10.0.0.1 2"),
            ("+switch-master", "mymaster2 10.0.0.1 1 10.0.0.1 2"),
            ("switch-master", "mymaster 10.0.0.1 1 10.0.0.1 2"),
            ("+switch-master", "mymaster 10.0.0.1 1 10.0.0.1"),
            ("+switch-master", "mymaster 10.0.0.1 1 10.0.0.1 0"),
            ("+switch-master", "mymaster 10.0.0.1 1  2"),
            ("+sdown", "master other 10.0.0.1 1"),
            ("+sdown", "slave mymaster 10.0.0.1 2 @ other 10.0.0.1 1"),
            ("+sdown", "slave a 10.0.0.1 2"),
            ("+promoted-slave", "slave a 10.0.0.1 2 @ mymaster"),
            ("+sdown", ""),
            ("+new-epoch", "7"),
        ] {
            assert_eq!(read(channel, message), None, "{channel} {message}");
        }
        let no_text = Event::read(b"+switch-master", b"\xff", "mymaster", &|host, port| {
            Endpoint::tcp(host, port)
        });
        assert_eq!(no_text, None);
    }
}
