//! Events and status that several servers, groups and maintenance bring.

use std::{
    ops::RangeInclusive,
    sync::Arc,
    time::{Duration, SystemTime},
};

use js_sys::Array;
use redmux::{
    Endpoint, Event,
    events::{NotificationType, SlotMigration, SwitchReason},
    group::{MemberState, MemberStatus},
    status::{NodeRole, NodeStatus, Status},
};
use wasm_bindgen::JsValue;

use crate::{
    failures::failure,
    hooks::Hooks,
    object::{Fields, millis},
};

/// The name of an event and its fields; `None` if it is one that pages have too.
pub(crate) fn object(event: &Event, hooks: &Hooks) -> Option<(&'static str, Fields)> {
    let at = |endpoint: &Arc<Endpoint>| Fields::new().set("endpoint", endpoint.to_string());
    Some(match event {
        Event::CredentialsNotRenewed(e) => {
            ("credentialsNotRenewed", at(&e.endpoint).set("error", hooks.error_of(&e.error)))
        }
        Event::CircuitOpened(e) => (
            "circuitOpened",
            at(&e.endpoint)
                .set("pause", millis(e.pause))
                .set_or_null("error", e.error.as_ref().map(|error| hooks.error_of(error))),
        ),
        Event::CircuitClosed(e) => ("circuitClosed", at(&e.endpoint).set("after", millis(e.after))),
        Event::ConfigurationChangedBroadcast(e) => (
            "configurationChangedBroadcast",
            at(&e.endpoint).set_or_null("announced", e.announced.as_ref().map(ToString::to_string)),
        ),
        Event::HashSlotsMoved(e) => (
            "hashSlotsMoved",
            Fields::new()
                .set("slots", ranges(&e.ranges))
                .set_or_null("from", e.old_endpoint.as_ref().map(ToString::to_string))
                .set("to", e.new_endpoint.to_string()),
        ),
        Event::ServerMaintenance(e) => (
            "serverMaintenance",
            at(&e.endpoint)
                .set("notificationType", notification(e.notification_type))
                .set("notificationText", &*e.notification_text)
                .set("rawMessage", &*e.raw_message)
                .set_or_null("received", epoch(e.received))
                .set_or_null("startTime", e.start_time.and_then(epoch))
                .set_or_null("isReplica", e.is_replica)
                .set_or_null("ipAddress", e.ip_address.map(|address| address.to_string()))
                .set_or_null("tlsPort", e.tls_port.map(u32::from))
                .set_or_null("plainPort", e.plain_port.map(u32::from))
                .set_or_null("sequence", e.sequence.map(|number| number as f64))
                .set_or_null("within", e.within.map(millis))
                .set_or_null("newEndpoint", e.new_endpoint.as_ref().map(ToString::to_string))
                .set("slots", e.slots.iter().map(migration).collect::<Array>())
                .set("shards", e.shards.iter().map(JsValue::from).collect::<Array>()),
        ),
        Event::MoveFailed(e) => (
            "moveFailed",
            at(&e.endpoint)
                .set("newEndpoint", e.new_endpoint.to_string())
                .set("failure", failure(e.failure))
                .set("error", hooks.error_of(&e.error)),
        ),
        Event::ActiveMemberChanged(e) => (
            "activeMemberChanged",
            Fields::new()
                .set_or_null("from", e.from.as_deref())
                .set("to", &*e.to)
                .set("reason", reason(e.reason)),
        ),
        Event::MemberHealthChanged(e) => (
            "memberHealthChanged",
            Fields::new()
                .set("member", &*e.member)
                .set("healthy", e.healthy)
                .set("after", millis(e.after))
                .set_or_null("error", e.error.as_ref().map(|error| hooks.error_of(error))),
        ),
        _ => return None,
    })
}

/// Milliseconds since 1970, as `Date` has them.
fn epoch(time: SystemTime) -> Option<f64> {
    let since: Duration = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(millis(since))
}

fn ranges(ranges: &[RangeInclusive<u16>]) -> Array {
    let pair = |range: &RangeInclusive<u16>| {
        let pair = Array::new();
        pair.push(&(*range.start()).into());
        pair.push(&(*range.end()).into());
        JsValue::from(pair)
    };
    ranges.iter().map(pair).collect()
}

fn migration(moved: &SlotMigration) -> JsValue {
    Fields::new()
        .set_or_null("from", moved.from.as_ref().map(ToString::to_string))
        .set_or_null("to", moved.to.as_ref().map(ToString::to_string))
        .set("slots", ranges(&moved.slots))
        .into()
}

fn notification(kind: NotificationType) -> &'static str {
    use NotificationType::{
        FailedOver, FailingOver, Migrated, Migrating, Moving, NodeMaintenanceEnded,
        NodeMaintenanceFailoverComplete, NodeMaintenanceScaleComplete, NodeMaintenanceScheduled,
        NodeMaintenanceStart, NodeMaintenanceStarting, SlotsMigrated, SlotsMigrating,
    };
    match kind {
        NodeMaintenanceScheduled => "nodeMaintenanceScheduled",
        NodeMaintenanceStarting => "nodeMaintenanceStarting",
        NodeMaintenanceStart => "nodeMaintenanceStart",
        NodeMaintenanceEnded => "nodeMaintenanceEnded",
        NodeMaintenanceFailoverComplete => "nodeMaintenanceFailoverComplete",
        NodeMaintenanceScaleComplete => "nodeMaintenanceScaleComplete",
        Moving => "moving",
        Migrating => "migrating",
        Migrated => "migrated",
        FailingOver => "failingOver",
        FailedOver => "failedOver",
        SlotsMigrating => "slotsMigrating",
        SlotsMigrated => "slotsMigrated",
        _ => "unknown",
    }
}

fn reason(reason: SwitchReason) -> &'static str {
    match reason {
        SwitchReason::First => "first",
        SwitchReason::Unhealthy => "unhealthy",
        SwitchReason::Removed => "removed",
        SwitchReason::Forced => "forced",
        SwitchReason::Latency => "latency",
        _ => "weight",
    }
}

/// What the status has beside that of a page.
pub(crate) fn status(fields: Fields, status: &Status, hooks: &Hooks) -> Fields {
    let nodes: Array = status.nodes.iter().map(node).collect();
    let members: Array = status.members.iter().map(|one| member(one, hooks)).collect();
    fields
        .set("nodes", nodes)
        .set(
            "map",
            Fields::new()
                .set_or_null("age", status.map.age.map(millis))
                .set("refreshes", status.map.refreshes as f64)
                .set("redirects", status.map.redirects as f64),
        )
        .set("members", members)
        .set(
            "leases",
            Fields::new()
                .set("leased", status.leases.leased)
                .set("idle", status.leases.idle)
                .set("waiting", status.leases.waiting)
                .set("max", status.leases.max)
                .set("opened", status.leases.opened as f64),
        )
}

fn node(node: &NodeStatus) -> JsValue {
    let (role, of) = match &node.role {
        NodeRole::Primary => ("primary", None),
        NodeRole::Replica { of } => ("replica", Some(of.to_string())),
        _ => ("unknown", None),
    };
    Fields::new()
        .set("endpoint", node.endpoint.to_string())
        .set_or_null("id", node.id.as_deref())
        .set("role", role)
        .set_or_null("replicaOf", of)
        .set_or_null("zone", node.zone.as_deref())
        .set("slots", ranges(&node.slots))
        .set("connected", node.connected)
        .into()
}

fn member(member: &MemberStatus, hooks: &Hooks) -> JsValue {
    let state = match member.state {
        MemberState::Healthy => "healthy",
        MemberState::Unhealthy => "unhealthy",
        MemberState::CircuitOpen => "circuitOpen",
        MemberState::Leaving => "leaving",
        _ => "unknown",
    };
    Fields::new()
        .set("name", &*member.name)
        .set("active", member.active)
        .set("weight", member.weight)
        .set("state", state)
        .set("since", millis(member.since))
        .set_or_null("latency", member.latency.map(millis))
        .set_or_null("lastError", member.last_error.as_ref().map(|error| hooks.error_of(error)))
        .into()
}
