//! Options and members of a group, and how a client connects.

use std::{cell::Cell, collections::HashMap, rc::Rc, sync::Arc, time::Duration};

use futures::future::abortable;
use redmux::{
    ConnectionMultiplexer, Endpoint, Options, Result,
    group::{GroupMember, GroupOptions, HealthPolicy, Probe},
    options::CircuitBreaker,
    transport::Environment,
};
use wasm_bindgen::prelude::*;

use super::{Extras, Muxer, Tasks, Views, asked::Asked, credentials::JsProvider};
use crate::{
    RawClient,
    batch::{Batch, Entry},
    hooks::Hooks,
    options, pump,
    pump::Queue,
    runtime::{JsRuntime, spawn},
    stream::JsTransport,
};

/// What a client connects to
enum Wanted {
    One(Box<Options>),
    Group(Vec<GroupMember>, GroupOptions),
}

#[wasm_bindgen]
impl RawClient {
    /// Begins to connect, and calls `hooks` from then on. The first entry of the batch is as [`options::apply`] reads it;
    /// the second has names and values of further options, `endpoint` among them; those behind it are members of a
    /// group: the name, the weight, and again names and values.
    ///
    /// Settles `id` when the client is connected.
    pub fn open(id: u32, hooks: Hooks, numbers: Vec<f64>, heads: Vec<u32>, bytes: Vec<u8>) -> Self {
        let hooks = Rc::new(hooks);
        let asked = Asked::default();
        let wanted = read(numbers, Batch::new(heads, bytes), &hooks, &asked);
        let environment = Environment::new(JsTransport(hooks.clone()), JsRuntime);
        let (queue, dropped) = (Arc::<Queue>::default(), Rc::<Cell<bool>>::default());
        let (muxer, views) = (Muxer::default(), Views::default());
        let (late, pump_of, mine) = (muxer.clone(), queue.clone(), views.clone());
        let (told, is_dropped) = (hooks.clone(), dropped.clone());
        let (connecting, handle) = abortable(async move {
            let connected = match wanted {
                Ok(Wanted::One(options)) => {
                    ConnectionMultiplexer::connect_with(*options, environment).await
                }
                Ok(Wanted::Group(members, options)) => {
                    ConnectionMultiplexer::connect_group_with(members, options, environment).await
                }
                Err(error) => Err(error),
            };
            if is_dropped.get() {
                return;
            }
            match connected {
                Ok(muxer) => {
                    late.set(muxer.clone());
                    mine.make_all(&muxer);
                    spawn(pump::run(muxer, pump_of, told.clone(), mine));
                    told.settle(id, true, JsValue::UNDEFINED);
                }
                Err(error) => told.settle(id, false, told.error_of(&error)),
            }
        });
        spawn(async move {
            // Dropped clients need no connection.
            let _ = connecting.await;
        });
        let extras = Extras { views, tasks: Tasks::default(), asked, connecting: handle };
        Self { muxer, hooks, queue, dropped, extras }
    }
}

fn read(numbers: Vec<f64>, batch: Batch, hooks: &Rc<Hooks>, asked: &Asked) -> Result<Wanted> {
    let batch = Arc::new(batch);
    let mut entries = batch.entries();
    let first = entries.next().map_or_else(Vec::new, Entry::texts);
    let settings = entries.next().map_or_else(Vec::new, Entry::texts);
    let (of_group, of_all): (Vec<_>, Vec<_>) =
        pairs(&settings).partition(|(name, _)| name.starts_with(OF_GROUP));
    let options = |settings: Vec<(&str, &str)>| {
        let url = settings.iter().find(|(name, _)| *name == URL);
        let base = url.map_or_else(|| Ok(Options::default()), |(_, text)| text.parse())?;
        // What errors name is known from the endpoints.
        let texts = first.iter().skip(1).cloned();
        let options = options::apply(base, numbers.clone(), texts, hooks);
        let provides = settings.iter().any(|(name, _)| *name == CREDENTIALS);
        let options = match provides {
            false => options,
            true => {
                let (hooks, asked) = (hooks.clone(), asked.clone());
                options.credentials_provider(JsProvider { hooks, asked })
            }
        };
        set(options, settings)
    };
    let mut members = Vec::new();
    for entry in entries {
        let texts = entry.texts();
        let [name, weight, ..] = &texts[..] else { continue };
        let own = pairs(texts.get(2..).unwrap_or_default());
        let options = options(of_all.iter().copied().chain(own).collect())?;
        // JavaScript has checked that it is a number.
        members.push(GroupMember::new(&**name, options).weight(weight.parse().unwrap_or(1.0)));
    }
    if members.is_empty() {
        return Ok(Wanted::One(Box::new(options(of_all)?)));
    }
    Ok(Wanted::Group(members, group_options(of_group)))
}

/// What names of options of a group begin with.
const OF_GROUP: &str = "group.";
/// The name of a setting that is a URL or a connection string.
const URL: &str = "url";
/// The name of a setting that is there if JavaScript provides credentials.
const CREDENTIALS: &str = "credentials";

fn pairs(texts: &[String]) -> impl Iterator<Item = (&str, &str)> {
    texts.chunks_exact(2).map(|pair| (&*pair[0], &*pair[1]))
}

fn set(options: Options, settings: Vec<(&str, &str)>) -> Result<Options> {
    settings.into_iter().try_fold(options, |options, (name, value)| match name {
        URL | CREDENTIALS => Ok(options),
        "endpointMap" => Ok(endpoint_map(options, value)),
        "circuitBreaker" => Ok(options.circuit_breaker(breaker(value))),
        "endpoint" => match value.parse::<Endpoint>() {
            Ok(endpoint) => Ok(options.add_endpoint(endpoint)),
            // The error is that of a connection string, which quotes nothing.
            Err(_) => value.parse::<Options>().map(|_| options),
        },
        _ => options.set(name, value),
    })
}

/// Pairs of an announced address and another one, parted by `=`, with semicolons between them.
fn endpoint_map(options: Options, text: &str) -> Options {
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    let pairs = pairs.filter_map(|(from, to)| {
        Some((from.parse::<Endpoint>().ok()?, to.parse::<Endpoint>().ok()?))
    });
    let map: HashMap<Endpoint, Endpoint> = pairs.collect();
    options.endpoint_map(move |node| map.get(&Endpoint::tcp(node.host, node.port)).cloned())
}

/// Failures in a row, the pause in milliseconds; then a share, the least number of commands, and a window in milliseconds.
fn breaker(text: &str) -> CircuitBreaker {
    let numbers: Vec<f64> = text.split(' ').filter_map(|part| part.parse().ok()).collect();
    let [failures, pause, rate @ ..] = &numbers[..] else { return CircuitBreaker::new() };
    let breaker = CircuitBreaker::new().failures(*failures as u32).pause(options::duration(*pause));
    match rate {
        [share, least, window] => {
            breaker.failure_rate(*share, *least as u32, options::duration(*window))
        }
        _ => breaker,
    }
}

/// JavaScript has checked the values.
fn group_options(settings: Vec<(&str, &str)>) -> GroupOptions {
    settings.into_iter().fold(GroupOptions::new(), |options, (name, value)| {
        let number: f64 = value.parse().unwrap_or_default();
        let time = || Duration::try_from_secs_f64(number / 1000.0).unwrap_or(Duration::MAX);
        match &name[OF_GROUP.len()..] {
            "probeKey" => options.probe(Probe::set(value)),
            "probes" => options.probes(number as u32),
            "probeGap" => options.probe_gap(time()),
            "probeTimeout" => options.probe_timeout(time()),
            "probeInterval" => options.probe_interval(time()),
            "failbackDelay" => options.failback_delay(time()),
            "abortOnConnectFail" => options.abort_on_connect_fail(value == "true"),
            "circuitBreaker" if value == "false" => options.without_circuit_breaker(),
            "policy" => options.policy(match value {
                "any" => HealthPolicy::Any,
                "majority" => HealthPolicy::Majority,
                _ => HealthPolicy::All,
            }),
            _ => options,
        }
    })
}
