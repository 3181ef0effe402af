//! What logs and the audit log record of a session.

use std::sync::atomic::Ordering::Relaxed;

use redmux_resp::{Arg, commands::CommandSpec};
use serde_json::{Value, json};

use super::client::Session;
use crate::{
    audit::AuditCommands,
    close::CloseReason,
    log::event,
    policy::{Allowed, Refusal},
};

impl Session<'_> {
    pub(super) fn began(&self) {
        let live = self.live();
        let grant = &live.grant;
        let (id, address) = (self.id, self.peer.address);
        let principal = &grant.principal.name;
        event("client", format_args!("session={id} peer={address} principal={principal:?}"));
        self.audit("connect", |told| {
            told["method"] = json!(grant.credential.method());
            told["upstream"] = json!(grant.principal.upstream.name);
            told["user"] = json!(grant.principal.login.as_ref().map(|login| &login.user));
        });
    }

    pub(super) fn ended(&self, reason: &CloseReason) {
        let [commands, bytes_in, bytes_out] =
            [&self.commands, &self.bytes_in, &self.bytes_out].map(|count| count.load(Relaxed));
        let (id, address) = (self.id, self.peer.address);
        let (code, text) = (reason.code().unwrap_or(0), reason.to_string());
        event(
            "client-gone",
            format_args!(
                "session={id} peer={address} code={code} reason={text:?} commands={commands} \
                 bytes_in={bytes_in} bytes_out={bytes_out}"
            ),
        );
        self.shared.closed(reason);
        self.audit("disconnect", |told| {
            told["code"] = json!(code);
            told["reason"] = json!(reason.label());
            told["commands"] = json!(commands);
        });
    }

    /// Tells the audit log of a command, without its values.
    pub(super) fn audit_command(&self, words: &[&[u8]], verdict: &Result<Allowed, Refusal>) {
        let state = self.shared.state();
        let Some(audit) = &state.audit else { return };
        let told = match (verdict, audit.config.commands) {
            (Err(_), _) | (_, AuditCommands::All) => true,
            (Ok(allowed), AuditCommands::Writes) => allowed.writes,
            _ => false,
        };
        if !told {
            return;
        }
        self.audit("command", |told| {
            let (command, decision) = match verdict {
                Ok(allowed) => (allowed.command, "forwarded"),
                Err(refusal) => {
                    told["reason"] = json!(refusal.reason);
                    (refusal.command, "denied")
                }
            };
            told["command"] = json!(command);
            told["decision"] = json!(decision);
            let args: Vec<_> = words.iter().map(|word| Arg::Bytes(word)).collect();
            let keys = CommandSpec::of(&args).and_then(|spec| spec.keys(&args)).unwrap_or_default();
            let keys: Vec<String> =
                keys.iter().filter_map(|key| audit.key(words[key.index])).collect();
            if !keys.is_empty() {
                told["keys"] = json!(keys);
            }
        });
    }

    fn audit(&self, event: &str, fill: impl FnOnce(&mut Value)) {
        let state = self.shared.state();
        let Some(audit) = &state.audit else { return };
        let live = self.live();
        let mut fields = json!({
            "session": self.id,
            "principal": live.grant.principal.name,
            "subject": live.grant.subject,
            "address": self.peer.address.to_string(),
            "origin": self.peer.origin,
        });
        fill(&mut fields);
        audit.write(event, fields);
    }
}
