//! What takes its time and is no command: leases, `WATCH`, `MONITOR`, scans, a change of a group.
//!
//! JavaScript chooses the number of a task. Its news come through `hooks.told`: `done` with a value or `failed` with an
//! error at its end, `item` before, `body` when the body of a `WATCH` is to run.

use std::future::Future;

use futures::{StreamExt, channel::oneshot, future::abortable};
use js_sys::{Array, Uint8Array};
use redmux::{
    ConnectionMultiplexer, Error,
    database::{keys::DataType, scans::ScanOptions},
};
use wasm_bindgen::prelude::*;

use super::{tasks::Task, views::database, words::words};
use crate::{
    RawClient,
    object::Fields,
    runtime::{spawn, time_has_passed},
};

/// Why a task failed
pub(super) enum Failure {
    Core(Error),
    /// What it was for is not there any more.
    Gone(&'static str),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl RawClient {
    /// Runs a task, once there is what it is for, and says how it ended.
    pub(super) fn run<F>(
        &self,
        number: u32,
        task: impl FnOnce(ConnectionMultiplexer) -> F + 'static,
    ) where
        F: Future<Output = Result<JsValue, Failure>>,
    {
        let muxer = self.muxer.clone();
        let (task, handle) = abortable(async move { task(muxer.ready().await).await });
        self.extras.tasks.add(number, Task { handle, body: None, next: None });
        let (hooks, tasks) = (self.hooks.clone(), self.extras.tasks.clone());
        spawn(async move {
            let Ok(outcome) = task.await else { return };
            tasks.take(number);
            match outcome {
                Ok(value) => hooks.told(number, "done", value),
                Err(Failure::Core(error)) => hooks.told(number, "failed", hooks.error_of(&error)),
                Err(Failure::Gone(command)) => {
                    hooks.told(number, "failed", hooks.gone_error(command));
                }
            }
            time_has_passed();
        });
    }
}

#[wasm_bindgen]
impl RawClient {
    /// Ends a task; no news of it follow.
    pub fn cancel(&self, number: u32) {
        let task = self.extras.tasks.take(number);
        if let Some(task) = task {
            task.handle.abort();
        }
    }

    /// Leases a connection to a database, or to that of the options, for a view with this number, whose keys have this
    /// prefix beside that of the options.
    pub fn lease(&self, number: u32, view: u32, index: Option<u32>, prefix: String) {
        let views = self.extras.views.clone();
        self.run(number, move |muxer| async move {
            let lease = match index {
                None => muxer.lease().await?,
                Some(index) => muxer.lease_at(index).await?,
            };
            let database = match prefix.is_empty() {
                true => lease.database().clone(),
                false => lease.database().with_key_prefix(prefix),
            };
            views.add(view, database, Some(lease));
            Ok(JsValue::UNDEFINED)
        });
    }

    /// Watches keys; the body is to run on the view of this number whenever `hooks.told` says so.
    pub fn watch(
        &self,
        number: u32,
        view: u32,
        place: u32,
        heads: Vec<u32>,
        bytes: Vec<u8>,
        attempts: u32,
    ) {
        let (keys, views) = (words(heads, bytes), self.extras.views.clone());
        let (hooks, tasks) = (self.hooks.clone(), self.extras.tasks.clone());
        self.run(number, move |muxer| async move {
            let database = database(&muxer, &views, place).ok_or(Failure::Gone("WATCH"))?;
            let watch = database.watch(&keys[..]);
            let watch = if attempts == 0 { watch } else { watch.attempts(attempts) };
            let outcome = watch.run(|own| {
                views.add(view, own, None);
                let (told, result) = oneshot::channel();
                tasks.with(number, |task| task.body = Some(told));
                hooks.told(number, "body", JsValue::UNDEFINED);
                time_has_passed();
                let views = views.clone();
                async move {
                    let failed = result.await.ok().flatten();
                    views.remove(view);
                    failed.map_or(Ok(()), Err)
                }
            });
            outcome.await?;
            Ok(JsValue::UNDEFINED)
        });
    }

    /// The body of a `WATCH` has ended; `failed`: by what the last failed command of its view failed with.
    pub fn finish(&self, number: u32, view: u32, failed: bool) {
        let error = self.extras.views.with(view, |view| view.failed.take()).flatten();
        let body = self.extras.tasks.with(number, |task| task.body.take()).flatten();
        if let Some(body) = body {
            // Nobody waits for a task that was cancelled.
            let _ = body.send(error.filter(|_| failed));
        }
    }

    /// Shows what all clients of the server do; each command is an item.
    pub fn monitor(&self, number: u32) {
        let hooks = self.hooks.clone();
        self.run(number, move |muxer| async move {
            let mut monitor = muxer.monitor().await?;
            hooks.told(number, "item", JsValue::UNDEFINED);
            while let Some(command) = monitor.next().await {
                let command = command?;
                let args: Array = command.args.iter().map(|arg| bytes_of(arg)).collect();
                let fields = Fields::new()
                    .set("time", command.time.as_secs_f64())
                    .set("database", command.database)
                    .set("client", command.client)
                    .set("args", args)
                    .set("missed", command.missed as f64);
                hooks.told(number, "item", fields.into());
                time_has_passed();
            }
            Ok(JsValue::UNDEFINED)
        });
    }

    /// Goes through all keys, on all servers; after each page it waits for `next`. `texts` are the pattern and the type,
    /// empty if there is none.
    pub fn scan(&self, number: u32, place: u32, heads: Vec<u32>, bytes: Vec<u8>, count: u32) {
        let (texts, views) = (words(heads, bytes), self.extras.views.clone());
        let hooks = self.hooks.clone();
        let (asks, mut asked) = futures::channel::mpsc::unbounded();
        self.run(number, move |muxer| async move {
            let database = database(&muxer, &views, place).ok_or(Failure::Gone("SCAN"))?;
            let mut options = ScanOptions::new();
            if let Some(pattern) = texts.first().filter(|text| !text.is_empty()) {
                options = options.pattern(&pattern[..]);
            }
            if let Some(kind) = texts.get(1).filter(|text| !text.is_empty()) {
                let kind = String::from_utf8_lossy(kind).into_owned();
                options = options.data_type(DataType::Other(kind));
            }
            if count > 0 {
                options = options.count(count);
            }
            let mut keys = database.scan_stream::<Vec<u8>>(options).ready_chunks(PAGE);
            while let Some(page) = keys.next().await {
                let items = Array::new();
                for key in page {
                    items.push(&bytes_of(&key?));
                }
                hooks.told(number, "item", items.into());
                time_has_passed();
                if asked.next().await.is_none() {
                    break;
                }
            }
            Ok(JsValue::UNDEFINED)
        });
        self.extras.tasks.with(number, |task| task.next = Some(asks));
    }

    /// The next page of a scan is wanted.
    pub fn next(&self, number: u32) {
        self.extras.tasks.with(number, |task| {
            // Nobody waits for a scan that has ended.
            task.next.as_ref().map(|asks| asks.unbounded_send(()))
        });
    }

    /// Opens other connections.
    pub fn reconnect(&self) {
        if let Some(muxer) = self.muxer.get() {
            muxer.reconnect();
        }
    }
}

/// Keys of a scan that are handed over at once.
const PAGE: usize = 1024;

fn bytes_of(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}
