//! The group as the program sees it.

use std::sync::Arc;

use super::{
    super::ConnectionMultiplexer,
    member::Member,
    options::{Checked, GroupMember},
    report::MemberStatus,
    roster::Roster,
    settings::checked_weight,
};
use crate::{Error, Result, topology::Wish};

/// A group of deployments; got from [`ConnectionMultiplexer::group`]
///
/// ```no_run
/// # async fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
/// if let Some(group) = muxer.group() {
///     for member in group.members() {
///         println!("{member}");
///     }
///     group.fail_over_to("dublin").await?;
///     // … maintenance …
///     group.release().await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Group {
    // Keeps the group open, as every handle does.
    _muxer: ConnectionMultiplexer,
    roster: Arc<Roster>,
}

impl Group {
    pub(super) fn new(muxer: ConnectionMultiplexer, roster: Arc<Roster>) -> Self {
        Self { _muxer: muxer, roster }
    }

    /// The members, in the order in which they were added.
    pub fn members(&self) -> Vec<MemberStatus> {
        self.roster.members()
    }

    /// The name of the member in use; `None` before there was a healthy one.
    pub fn active(&self) -> Option<Arc<str>> {
        self.roster.active().map(|member| member.name.clone())
    }

    /// Has this member used while it is healthy, whatever its weight; returns whether it is in use now
    ///
    /// That holds until [`release`](Self::release). While the member is not healthy another one is used. If nothing is known of
    /// it yet, its first probes are waited for.
    ///
    /// # Errors
    /// [`ErrorKind::Command`](crate::ErrorKind::Command) if there is no member of this name.
    pub async fn fail_over_to(&self, name: &str) -> Result<bool> {
        let number = self.number(name)?;
        let roster = &self.roster;
        let at = roster.clock.now();
        roster
            .ask(|wishes| {
                wishes.wish = Some(Wish { number, at });
                Ok(())
            })
            .await?;
        if roster.member(number).is_some_and(Member::is_unknown) {
            roster.probed(|| roster.member(number).is_some_and(Member::is_unknown)).await?;
            // What was found is taken in.
            roster.ask(|_| Ok(())).await?;
        }
        Ok(roster.active_number() == Some(number))
    }

    /// Takes [`fail_over_to`](Self::fail_over_to) back: the member that is healthy and has the most weight is used again.
    ///
    /// # Errors
    /// That the group is closed.
    pub async fn release(&self) -> Result<()> {
        self.roster
            .ask(|wishes| {
                wishes.wish = None;
                Ok(())
            })
            .await
    }

    /// Adds a member; returns when the group has begun to connect to it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for faults of the member, or if there is one of its name.
    pub async fn add(&self, member: GroupMember) -> Result<()> {
        let Checked { name, weight, plan } = member.checked()?;
        self.roster.admit(name, weight, plan)?;
        self.roster.ask(|_| Ok(())).await
    }

    /// Removes a member: another one is used, and its connections are closed when what is in flight is answered. If nothing is
    /// known of another one yet, its first probes are waited for.
    ///
    /// # Errors
    /// [`ErrorKind::Command`](crate::ErrorKind::Command) if there is no member of this name, or if it is in use and no other one is healthy.
    pub async fn remove(&self, name: &str) -> Result<()> {
        let number = self.number(name)?;
        let roster = &self.roster;
        let others = || roster.numbered().filter(|(other, _)| *other != number);
        let other_is_well = || others().any(|(_, member)| member.candidate(false).is_well());
        let is_needed =
            || roster.active_number().is_none_or(|active| active == number) && !other_is_well();
        roster.probed(|| is_needed() && others().any(|(_, member)| member.is_unknown())).await?;
        roster
            .ask(|_| {
                if is_needed() {
                    return Err(refused("no other member is healthy"));
                }
                if let Some(member) = roster.member(number) {
                    member.condition().leaves = true;
                }
                Ok(())
            })
            .await
    }

    /// Gives a member another weight.
    ///
    /// # Errors
    /// [`ErrorKind::Command`](crate::ErrorKind::Command) if there is no member of this name; [`ErrorKind::Config`](crate::ErrorKind::Config) for
    /// a weight that is no number from 0 on.
    pub async fn set_weight(&self, name: &str, weight: f64) -> Result<()> {
        let weight = checked_weight(weight)?;
        let number = self.number(name)?;
        let roster = &self.roster;
        roster
            .ask(|_| {
                if let Some(member) = roster.member(number) {
                    member.condition().weight = weight;
                }
                Ok(())
            })
            .await
    }

    fn number(&self, name: &str) -> Result<usize> {
        let found = self.roster.find(name).map(|(number, _)| number);
        found.ok_or_else(|| refused("it has no member of this name"))
    }
}

fn refused(why: &'static str) -> Error {
    Error::rejected("group", why)
}
