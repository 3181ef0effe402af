//! Real sentinels: what they say, and a failover that the machine follows.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures::StreamExt;
use redmux_test_support::{Programs, RedisSentinels, RedisServer, until, within};
use redmux_transport::Endpoint;

use super::super::{
    events::{CHANNELS, Event},
    machine::Sentinels,
    plan::{Learned, Step},
    said::{Answer, RoleSaid},
};
use crate::{
    ConnectionMultiplexer, Options, Result,
    command::pipeline,
    resp::{Frame, Protocol},
};

fn at(server: &RedisServer) -> Endpoint {
    Endpoint::tcp("127.0.0.1", server.port())
}

fn reach(host: &str, port: u16) -> Endpoint {
    Endpoint::tcp(host, port)
}

async fn connect(endpoint: &Endpoint, protocol: Protocol) -> Result<ConnectionMultiplexer> {
    let options = Options::from(endpoint.clone()).protocol(protocol).connect_retry(1);
    let limit = Duration::from_millis(500);
    ConnectionMultiplexer::connect(options.connect_timeout(limit).command_timeout(limit)).await
}

async fn ask(muxer: &ConnectionMultiplexer) -> Result<Answer> {
    let questions = Answer::questions(RedisSentinels::NAME);
    let calls = questions.into_iter().map(|words| {
        let words: Vec<String> = words.into_iter().skip(1).map(str::to_owned).collect();
        muxer.execute::<Frame>("SENTINEL", words)
    });
    let replies: Vec<Result<Frame>> = pipeline(calls.collect::<Vec<_>>()).await;
    if let Some(Err(error)) = replies.first() {
        return Err(error.clone());
    }
    Ok(Answer::read(&replies, &reach).unwrap_or_else(|unclear| panic!("{unclear}")))
}

#[async_std::test]
async fn all_sentinels_say_the_same_in_both_protocols() {
    let all = RedisSentinels::builder().replicas(2).start().unwrap();
    let mut ids = Vec::new();
    for sentinel in all.sentinels() {
        let mut answers = Vec::new();
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let muxer = connect(&at(sentinel), protocol).await.unwrap();
            let mut answer = ask(&muxer).await.unwrap();
            answer.replicas.sort_by_key(|replica| replica.endpoint.to_string());
            answer.sentinels.sort_by_key(|peer| peer.endpoint.to_string());
            answers.push(answer);
            let role = muxer.execute::<Frame>("ROLE", ()).await.unwrap();
            assert_eq!(RoleSaid::read(&role, &reach), Ok(RoleSaid::Sentinel));
        }
        let [answer, same] = &answers[..] else { panic!("two") };
        assert_eq!(answer, same);
        assert_eq!(
            (answer.primary.as_ref(), answer.epoch),
            (Some(&at(&all.servers()[0])), Some(0))
        );
        let mut replicas: Vec<_> = all.servers()[1..].iter().map(at).collect();
        replicas.sort_by_key(ToString::to_string);
        let named = answer.replicas.iter().filter(|replica| replica.usable);
        assert_eq!(
            named.map(|replica| &replica.endpoint).collect::<Vec<_>>(),
            Vec::from_iter(&replicas)
        );
        assert_eq!(answer.sentinels.len(), 2, "{answer:?}");
        assert!(answer.sentinels.iter().all(|peer| peer.endpoint != at(sentinel)));
        ids.push(answer.id.clone().unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3, "each sentinel has an id of its own");

    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let role = async |server: &RedisServer| {
            let muxer = connect(&at(server), protocol).await.unwrap();
            RoleSaid::read(&muxer.execute::<Frame>("ROLE", ()).await.unwrap(), &reach).unwrap()
        };
        let [primary, replica, _] = all.servers() else { panic!("three") };
        let RoleSaid::Primary { replicas } = role(primary).await else { panic!("a primary") };
        assert_eq!(replicas.len(), 2, "{replicas:?}");
        assert_eq!(role(replica).await, RoleSaid::Replica { of: Some(at(primary)) });
    }
    let muxer = connect(&at(&all.sentinels()[0]), Protocol::Resp3).await.unwrap();
    let unknown = Answer::questions("another").map(|words| words[1..].join(" "));
    let mut replies = Vec::new();
    for words in unknown {
        let words: Vec<&str> = words.split(' ').collect();
        replies.push(muxer.execute::<Frame>("SENTINEL", words).await);
    }
    assert_eq!(Answer::read(&replies, &reach), Ok(Answer::default()));
}

/// Does what the machine decides, on real connections, until it uses another primary than `former`.
async fn follow(
    machine: &mut Sentinels,
    start: Instant,
    former: Option<&Endpoint>,
    protocol: Protocol,
    all: &RedisSentinels,
) -> Endpoint {
    let now = || start.elapsed().as_micros() as u64;
    let mut known: HashMap<Endpoint, ConnectionMultiplexer> = HashMap::new();
    loop {
        for step in machine.decide(now()).steps {
            let (endpoint, about_role) = match &step {
                Step::AskSentinel(by) => (by, false),
                Step::AskRole(of) => (of, true),
                Step::Use(_) | Step::Drop(_) => continue,
            };
            if !known.contains_key(endpoint)
                && let Ok(muxer) = connect(endpoint, protocol).await
            {
                known.insert(endpoint.clone(), muxer);
            }
            let muxer = known.get(endpoint).filter(|muxer| muxer.is_connected());
            let learned = match (muxer, about_role) {
                (Some(muxer), false) => ask(muxer).await.ok().map(|answer| {
                    // At any time each of them names one of the servers.
                    let named = answer.primary.as_ref();
                    assert!(all.servers().iter().any(|server| named == Some(&at(server))));
                    Learned::Answer { by: endpoint.clone(), answer }
                }),
                (Some(muxer), true) => {
                    let role = muxer.execute::<Frame>("ROLE", ()).await.ok();
                    let role = role.and_then(|role| RoleSaid::read(&role, &reach).ok());
                    role.map(|role| Learned::Role { of: endpoint.clone(), role })
                }
                (None, _) => None,
            };
            let failed = match about_role {
                true => Learned::NoRole { of: endpoint.clone() },
                false => Learned::NoAnswer { by: endpoint.clone() },
            };
            if learned.is_none() {
                known.remove(endpoint);
            }
            machine.learn(learned.unwrap_or(failed), now());
        }
        if let Some(primary) = machine.primary().filter(|primary| Some(*primary) != former) {
            return primary.clone();
        }
        async_std::task::sleep(Duration::from_millis(10)).await;
    }
}

async fn a_failover_is_followed(all: RedisSentinels, protocol: Protocol) {
    let [old, new] = all.servers() else { panic!("a pair") };
    let start = Instant::now();
    let mut machine = Sentinels::new([at(&all.sentinels()[0])], 7, 0);
    let primary = within(follow(&mut machine, start, None, protocol, &all)).await;
    assert_eq!(primary, at(old));
    assert_eq!(machine.watched().count(), 3);
    assert_eq!(machine.replicas().collect::<Vec<_>>(), [&at(new)]);

    let mut streams = Vec::new();
    for sentinel in all.sentinels() {
        let muxer = connect(&at(sentinel), protocol).await.unwrap();
        streams.push((muxer.subscriber().subscribe_many(CHANNELS).await.unwrap(), muxer));
    }
    old.kill();
    machine.learn(Learned::Lost { primary }, start.elapsed().as_micros() as u64);
    let primary = within(follow(&mut machine, start, Some(&at(old)), protocol, &all)).await;
    assert_eq!(primary, at(new));
    assert_eq!(new.command(&["SET", "k", "v"]), "OK");

    // All sentinels announce it; it is read from what they really say.
    for (stream, _muxer) in &mut streams {
        let mut trouble = false;
        let switched = within(async {
            loop {
                let item = stream.next().await.expect("the subscription is open");
                let Some(message) = item.message() else { continue };
                let (channel, text) = (&message.channel, &message.payload);
                match Event::read(channel, text, RedisSentinels::NAME, &reach) {
                    Some(Event::Trouble) => trouble = true,
                    Some(Event::Switched { from, to }) => return (from, to),
                    _ => {}
                }
            }
        })
        .await;
        assert_eq!(switched, (at(old), at(new)));
        assert!(trouble, "it was announced that the primary is down");
    }
    until("all sentinels name the new primary", || (0..3).all(|one| all.primary(one) == Some(1)))
        .await;
    for sentinel in all.sentinels() {
        let muxer = connect(&at(sentinel), protocol).await.unwrap();
        let answer = ask(&muxer).await.unwrap();
        assert_eq!((answer.primary, answer.epoch), (Some(at(new)), Some(1)));
        // The old one is down.
        let old = answer.replicas.iter().find(|replica| replica.endpoint == at(old));
        assert!(old.is_some_and(|old| !old.usable), "{old:?}");
    }
}

#[async_std::test]
async fn a_failover_is_followed_in_resp3() {
    a_failover_is_followed(RedisSentinels::start(), Protocol::Resp3).await;
}

#[async_std::test]
async fn a_failover_is_followed_in_resp2() {
    a_failover_is_followed(RedisSentinels::start(), Protocol::Resp2).await;
}

#[async_std::test]
async fn a_failover_of_valkey_is_followed() {
    // This program is in a folder of the target's; the servers of all tests are beside it.
    let own = std::env::current_exe().unwrap();
    let target = own.ancestors().nth(3).expect("the folder of the target");
    let valkey = Programs::in_dir(target.join("tmp/servers")).valkey_9();
    let all = RedisSentinels::builder().program(valkey).start().unwrap();
    a_failover_is_followed(all, Protocol::Resp3).await;
}
