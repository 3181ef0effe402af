//! The text format of Prometheus.

use std::fmt::{Display, Write};

/// Metrics as text
#[derive(Debug, Default)]
pub(super) struct Exposition {
    pub(super) text: String,
}

impl Exposition {
    pub(super) fn head(&mut self, name: &str, help: &str, kind: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    pub(super) fn value(&mut self, series: &str, value: impl Display) {
        let _ = writeln!(self.text, "{series} {value}");
    }
}

/// Escapes a label's value, which is written between quotes.
pub(super) fn escape(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
