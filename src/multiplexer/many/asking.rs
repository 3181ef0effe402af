//! Questions to nodes: what they know of the cluster, and what they are themselves.

use std::{future::poll_fn, task::Poll, time::Duration};

use futures::stream::{FuturesUnordered, StreamExt};

use redmux_transport::Endpoint;

use super::nodes::Many;
use crate::{
    Call, Error, Result,
    connection::Link,
    resp::Frame,
    topology::{
        NodeId, View,
        sentinel::{Reach, RoleSaid},
    },
};

/// The time a node has for an answer.
const LIMIT: Duration = Duration::from_secs(1);

/// The time a replica has to say what it is; the next round asks again.
const ROLE_LIMIT: Duration = Duration::from_millis(300);

/// After this time without an answer, the next candidate is asked too.
const NEXT_AFTER: Duration = Duration::from_millis(250);

/// What a node has said of its cluster
pub(super) struct Answer {
    pub(super) by: NodeId,
    /// When it was asked.
    pub(super) asked: u64,
    pub(super) view: View,
}

impl Many {
    /// What a server says of all of them, or all of them of themselves.
    pub(super) async fn look(&self) -> Result<Answer, Option<Error>> {
        match self.kind.is_undivided() {
            true => self.ask_roles().await,
            false => self.ask(self.candidates()).await,
        }
    }

    /// The same from this server, which is a primary and knows it.
    pub(super) async fn look_at(&self, primary: NodeId) -> Result<Answer, Option<Error>> {
        match self.kind.is_undivided() {
            true => self.ask_roles().await,
            false => self.ask(vec![primary]).await,
        }
    }

    /// The view of the first of these nodes that answers; they are asked one after the other, and side by side if
    /// that takes long. Otherwise the last error.
    pub(super) async fn ask(&self, candidates: Vec<NodeId>) -> Result<Answer, Option<Error>> {
        let mut candidates = candidates.into_iter();
        let mut asked = FuturesUnordered::new();
        let mut timer = self.clock.runtime.timer(self.clock.runtime.now());
        let mut last = None;
        let mut exhausted = false;
        poll_fn(|cx| {
            loop {
                if !exhausted && (asked.is_empty() || timer.poll_expired(cx).is_ready()) {
                    match candidates.next() {
                        Some(number) => asked.push(self.ask_one(number)),
                        None => exhausted = true,
                    }
                    timer.reset(self.clock.runtime.after(NEXT_AFTER));
                    continue;
                }
                match asked.poll_next_unpin(cx) {
                    Poll::Ready(Some(Ok(answer))) => return Poll::Ready(Ok(answer)),
                    Poll::Ready(Some(Err(error))) => last = Some(error),
                    Poll::Ready(None) if exhausted => return Poll::Ready(Err(last.take())),
                    Poll::Ready(None) => {}
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }

    async fn ask_one(&self, by: NodeId) -> Result<Answer> {
        let Some(node) = self.node(by) else { return Err(Error::config("no such node")) };
        // The first answer may need a connection.
        let limit = if self.first.is_pending() { self.options.connect_timeout } else { LIMIT };
        let asked = self.clock.now();
        let name = node.link.config.commands.name_of("CLUSTER").to_owned();
        let call = Call::<Frame, _>::new(&node.link, name, "SLOTS").timeout(limit);
        let reply = call.await?;
        let view = View::parse(&reply, &node.link.endpoint());
        let mut view = view.map_err(|fault| Error::config(fault.to_string()))?;
        for node in &mut view.nodes {
            node.endpoint = self.reached_at(Some(&node.id), &node.endpoint, node.zone.as_deref());
            if let Some(zone) = self.options.zone_at(&node.endpoint) {
                node.zone = Some(zone);
            }
        }
        Ok(Answer { by, asked, view })
    }

    /// Those of these nodes that say that they are primaries.
    pub(super) async fn primaries_of(&self, candidates: Vec<NodeId>) -> Vec<NodeId> {
        let asked = candidates.into_iter().filter_map(|number| {
            let node = self.node(number)?;
            // One that cannot be reached is dialled, at the pace of its link.
            node.link.with(|core| core.want());
            node.is_ready().then_some((number, &*node.link))
        });
        let asked: FuturesUnordered<_> = asked.map(|(number, link)| says(number, link)).collect();
        asked.filter_map(std::future::ready).collect().await
    }
}

/// The number, if the node says that it is a primary.
async fn says(number: NodeId, link: &Link) -> Option<NodeId> {
    let reply = ask_role(link, ROLE_LIMIT).await.ok()?;
    let said = read_role(&reply, &|host, port| Endpoint::tcp(host, port)).ok()?;
    matches!(said, RoleSaid::Primary { .. }).then_some(number)
}

/// Asks a server for its role.
pub(super) async fn ask_role(link: &Link, limit: Duration) -> Result<Frame> {
    let name = link.config.commands.name_of("ROLE").to_owned();
    let reply = Call::<Frame, _>::new(link, name, ()).timeout(limit).await?;
    match reply.reply().error() {
        Some(error) => Err(Error::from_server(error)),
        None => Ok(reply),
    }
}

pub(super) fn read_role(reply: &Frame, reach: Reach<'_>) -> Result<RoleSaid> {
    RoleSaid::read(reply, reach).map_err(|unclear| Error::config(unclear.to_string()))
}
