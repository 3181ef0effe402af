//! Commands on views, and commands that wait on the server.

use std::time::Duration;

use futures::future::FutureExt;
use redmux::{
    Call, Result,
    embed::waits,
    resp::{AnyArgs, Frame, ToArgs},
};

use super::views::database;
use crate::{
    batch::{Command, DATABASES, Entry},
    pump::{Flights, Outcome},
};

impl Flights<'_> {
    /// Whether the entries that follow are for a view.
    pub(crate) fn is_view(&self) -> bool {
        self.database.is_some_and(|index| index >= DATABASES)
    }

    fn place(&self) -> u32 {
        self.database.map_or(0, |index| index + 1)
    }

    /// Issues a command that has a connection of its own, or is for a view; gives back any other.
    pub(crate) fn elsewhere<'b>(&mut self, command: Command<'b>) -> Option<Command<'b>> {
        let waits = waits(&command.name, &command.words);
        if !self.is_view() && !waits {
            return Some(command);
        }
        let (id, cached, timeout) = (command.id, command.cached, command.timeout());
        let (views, place) = (self.views.clone(), self.place());
        let Some(database) = database(self.muxer, &views, place) else {
            self.refuse(id, &command.name);
            return None;
        };
        let (name, words) = (command.name.into_owned(), AnyArgs::new(command.words.kept()));
        let outcome = async move {
            let result = match waits {
                true => given(database.execute_blocking(name, words), timeout).await,
                false if cached => given(database.execute(name, words), timeout).cached().await,
                false => given(database.execute(name, words), timeout).await,
            };
            note(&views, place, &result);
            Outcome::Reply(result)
        };
        self.await_outcome(id, outcome.boxed_local());
        None
    }

    pub(crate) fn transaction_of_view<'b>(
        &mut self,
        head: &Entry<'b>,
        behind: &mut impl Iterator<Item = Entry<'b>>,
    ) {
        let calls: Vec<_> = behind
            .take(head.name as usize)
            .map(|entry| {
                let command = entry.into_command();
                (command.name.into_owned(), command.words.kept())
            })
            .collect();
        let (views, place, timeout) = (self.views.clone(), self.place(), head.timeout());
        let Some(database) = database(self.muxer, &views, place) else {
            return self.refuse(head.id, "MULTI");
        };
        let transaction = async move {
            let calls: Vec<_> = calls
                .into_iter()
                .map(|(name, words)| database.execute::<Frame>(name, AnyArgs::new(words)))
                .collect();
            let transaction = database.transaction(calls);
            let result = match timeout {
                Some(timeout) => transaction.timeout(timeout).await,
                None => transaction.await,
            };
            note(&views, place, &result);
            Outcome::Transaction(result)
        };
        self.await_outcome(head.id, transaction.boxed_local());
    }
}

fn given<'a, A: ToArgs>(call: Call<'a, Frame, A>, timeout: Option<Duration>) -> Call<'a, Frame, A> {
    match timeout {
        None => call,
        Some(timeout) => call.timeout(timeout),
    }
}

/// A task that gave the view to JavaScript wants to know why its last command failed.
fn note<T>(views: &super::Views, place: u32, result: &Result<T>) {
    if let Err(error) = result {
        views.with(place, |view| view.failed = Some(error.clone()));
    }
}
