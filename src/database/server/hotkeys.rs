//! Which keys a server works for most.

use std::time::Duration;

use crate::{
    Call,
    database::{
        Database, Join,
        options::{Fields, items, options},
    },
    resp::{FromReply, Reply, ReplyError, ToArgs},
};

impl Database {
    /// Begins to look for the keys that the server works for most; an error if it does so already
    ///
    /// See [HOTKEYS START](https://redis.io/docs/latest/commands/hotkeys-start/). Since Redis 8.6.
    pub fn hotkeys_start(&self, options: HotkeysOptions) -> Call<'_, (), impl ToArgs> {
        let metrics = ("METRICS", 2, "CPU", "NET");
        self.call2("HOTKEYS", "START", Join(metrics, options))
    }

    /// Stops looking; false if the server did not look. What was found remains
    ///
    /// See [HOTKEYS STOP](https://redis.io/docs/latest/commands/hotkeys-stop/). Since Redis 8.6.
    pub fn hotkeys_stop(&self) -> Call<'_, bool, impl ToArgs> {
        self.call2("HOTKEYS", "STOP", ())
    }

    /// Forgets what was found
    ///
    /// See [HOTKEYS RESET](https://redis.io/docs/latest/commands/hotkeys-reset/). Since Redis 8.6.
    pub fn hotkeys_reset(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("HOTKEYS", "RESET", ())
    }

    /// What was found; `None` if nobody has asked to look
    ///
    /// See [HOTKEYS GET](https://redis.io/docs/latest/commands/hotkeys-get/). Since Redis 8.6.
    pub fn hotkeys_get(&self) -> Call<'_, Option<Hotkeys>, impl ToArgs> {
        self.call2("HOTKEYS", "GET", ())
    }
}

options! {
    /// How to look for keys that are used much
    HotkeysOptions { count, duration, sample }
    /// How many keys to keep of each measure (`COUNT`).
    count: count(keys: u32) => "COUNT", keys;
    /// Stops by itself after this many seconds (`DURATION`).
    duration: seconds(seconds: u64) => "DURATION", seconds;
    /// Looks at one of this many commands (`SAMPLE`).
    sample: sample(ratio: u32) => "SAMPLE", ratio;
}

/// The keys that a server worked for most
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Hotkeys {
    /// Whether the server still looks.
    pub active: bool,
    /// It looked at one of this many commands.
    pub sample: u64,
    /// For how long it has looked.
    pub duration: Duration,
    /// Keys, and how long the processor worked for each, the most first.
    pub by_cpu: Vec<(bytes::Bytes, Duration)>,
    /// Keys, and how many bytes came and went for each, the most first.
    pub by_net: Vec<(bytes::Bytes, u64)>,
}

impl FromReply for Hotkeys {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        // The map is the only element of a list.
        let only = items("keys that are used much", reply)?.next();
        let fields = Fields::new(only.unwrap_or(reply))?;
        let by_cpu: Option<Vec<(bytes::Bytes, u64)>> =
            fields.get("by-cpu-time-us", "without by-cpu-time-us")?;
        let by_net: Option<Vec<(bytes::Bytes, u64)>> =
            fields.get("by-net-bytes", "without by-net-bytes")?;
        let millis = fields.get("collection-duration-ms", "without collection-duration-ms")?;
        let took = |(key, micros)| (key, Duration::from_micros(micros));
        Ok(Self {
            active: fields.get("tracking-active", "without tracking-active")?,
            sample: fields.get("sample-ratio", "without sample-ratio")?,
            duration: Duration::from_millis(millis),
            by_cpu: by_cpu.unwrap_or_default().into_iter().map(took).collect(),
            by_net: by_net.unwrap_or_default(),
        })
    }
}
