use std::{sync::Arc, time::Duration};

use super::Options;
use crate::resp::Protocol;

/// One option of the connection string
pub(super) struct OptionSpec {
    pub(super) name: &'static str,
    /// What a value looks like, for errors.
    pub(super) accepts: &'static str,
    pub(super) read: fn(&mut Options, &str) -> Option<()>,
    /// The value, where it differs from the second options' (the defaults).
    pub(super) show: fn(&Options, &Options) -> Option<String>,
    /// Never printed.
    pub(super) secret: bool,
}

const MILLISECONDS: &str = "milliseconds, 1 or more";
const NUMBER: &str = "a whole number";
const BOOLEAN: &str = "true or false";
const TEXT: &str = "text, with %XX for commas and percent signs";

/// Every option of the connection string, in the order in which it is printed
pub(super) const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "connectTimeout",
        accepts: MILLISECONDS,
        read: |o, v| set(&mut o.connect_timeout, millis(v)),
        show: |o, d| differs(&o.connect_timeout, &d.connect_timeout, |v| v.as_millis().to_string()),
        secret: false,
    },
    OptionSpec {
        name: "commandTimeout",
        accepts: MILLISECONDS,
        read: |o, v| set(&mut o.command_timeout, millis(v)),
        show: |o, d| differs(&o.command_timeout, &d.command_timeout, |v| v.as_millis().to_string()),
        secret: false,
    },
    OptionSpec {
        name: "syncTimeout",
        accepts: MILLISECONDS,
        read: |o, v| set(&mut o.sync_timeout, millis(v)),
        show: |o, d| differs(&o.sync_timeout, &d.sync_timeout, |v| v.as_millis().to_string()),
        secret: false,
    },
    OptionSpec {
        name: "connectRetry",
        accepts: NUMBER,
        read: |o, v| set(&mut o.connect_retry, v.parse().ok()),
        show: |o, d| differs(&o.connect_retry, &d.connect_retry, ToString::to_string),
        secret: false,
    },
    OptionSpec {
        name: "abortConnect",
        accepts: BOOLEAN,
        read: |o, v| set(&mut o.abort_on_connect_fail, boolean(v)),
        show: |o, d| {
            differs(&o.abort_on_connect_fail, &d.abort_on_connect_fail, ToString::to_string)
        },
        secret: false,
    },
    OptionSpec {
        name: "keepAlive",
        accepts: MILLISECONDS,
        read: |o, v| set(&mut o.keep_alive, millis(v)),
        show: |o, d| differs(&o.keep_alive, &d.keep_alive, |v| v.as_millis().to_string()),
        secret: false,
    },
    OptionSpec {
        name: "probeAfter",
        accepts: MILLISECONDS,
        read: |o, v| set(&mut o.probe_after, millis(v)),
        show: |o, d| differs(&o.probe_after, &d.probe_after, |v| v.as_millis().to_string()),
        secret: false,
    },
    OptionSpec {
        name: "probeTimeout",
        accepts: MILLISECONDS,
        read: |o, v| set(&mut o.probe_timeout, millis(v)),
        show: |o, d| differs(&o.probe_timeout, &d.probe_timeout, |v| v.as_millis().to_string()),
        secret: false,
    },
    OptionSpec {
        name: "user",
        accepts: TEXT,
        read: |o, v| set(&mut o.username, Some(Some(Arc::from(v)))),
        show: |o, _| o.username.as_ref().map(ToString::to_string),
        secret: false,
    },
    OptionSpec {
        name: "password",
        accepts: TEXT,
        read: |o, v| set(&mut o.password, Some(Some(Arc::from(v)))),
        show: |o, _| o.password.as_ref().map(ToString::to_string),
        secret: true,
    },
    OptionSpec {
        name: "defaultDatabase",
        accepts: NUMBER,
        read: |o, v| set(&mut o.database, v.parse().ok()),
        show: |o, d| differs(&o.database, &d.database, ToString::to_string),
        secret: false,
    },
    OptionSpec {
        name: "name",
        accepts: TEXT,
        read: |o, v| set(&mut o.client_name, Some(Some(Arc::from(v)))),
        show: |o, _| o.client_name.as_ref().map(ToString::to_string),
        secret: false,
    },
    OptionSpec {
        name: "setlib",
        accepts: BOOLEAN,
        read: |o, v| set(&mut o.library_info, boolean(v)),
        show: |o, d| differs(&o.library_info, &d.library_info, ToString::to_string),
        secret: false,
    },
    OptionSpec {
        name: "protocol",
        accepts: "resp2 or resp3",
        read: |o, v| set(&mut o.protocol, protocol(v).map(Some)),
        show: |o, _| o.protocol.map(|p| p.to_string().to_ascii_lowercase()),
        secret: false,
    },
    OptionSpec {
        name: "sendQueueBytes",
        accepts: NUMBER,
        read: |o, v| set(&mut o.send_queue_bytes, v.parse().ok()),
        show: |o, d| differs(&o.send_queue_bytes, &d.send_queue_bytes, ToString::to_string),
        secret: false,
    },
    OptionSpec {
        name: "subscriptionCapacity",
        accepts: NUMBER,
        read: |o, v| set(&mut o.subscription_capacity, v.parse().ok()),
        show: |o, d| {
            differs(&o.subscription_capacity, &d.subscription_capacity, ToString::to_string)
        },
        secret: false,
    },
];

fn set<T>(field: &mut T, value: Option<T>) -> Option<()> {
    *field = value?;
    Some(())
}

fn differs<T: PartialEq>(value: &T, default: &T, show: impl Fn(&T) -> String) -> Option<String> {
    (value != default).then(|| show(value))
}

fn millis(text: &str) -> Option<Duration> {
    text.parse().ok().filter(|ms| *ms > 0).map(Duration::from_millis)
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn protocol(text: &str) -> Option<Protocol> {
    match text.to_ascii_lowercase().as_str() {
        "resp2" | "2" => Some(Protocol::Resp2),
        "resp3" | "3" => Some(Protocol::Resp3),
        _ => None,
    }
}
