//! Structs from replies, and as arguments.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(feature = "derive")]

use std::{collections::HashMap, fmt::Debug};

use redmux::{
    ConnectionMultiplexer, Options,
    database::streams::{StreamId, XreadOptions},
    resp::{ArgList, Frame, FromReply, Protocol, ReplyError, ServerError, ToArgs},
};
use redmux_test_support::RedisServer;

#[derive(Debug, Clone, PartialEq, FromReply, ToArgs)]
#[redmux(rename_all = "camelCase")]
struct User {
    full_name: String,
    age: u8,
    #[redmux(rename = "e-mail")]
    mail: Option<String>,
    #[redmux(default = "hundred")]
    score: f64,
    #[redmux(default)]
    tags: String,
    #[redmux(skip)]
    seen: bool,
}

fn hundred() -> f64 {
    100.0
}

#[derive(Debug, PartialEq, FromReply, ToArgs)]
struct Point(f64, f64);

#[derive(Debug, PartialEq, FromReply)]
struct UserId(u64);

#[derive(Debug, PartialEq, FromReply)]
struct Page<T, const N: usize> {
    items: Vec<T>,
    next: Option<[u64; N]>,
}

#[derive(Debug, PartialEq, FromReply)]
struct Outer {
    inner: Option<User>,
    at: Point,
}

fn user() -> User {
    User {
        full_name: "Ada".to_owned(),
        age: 36,
        mail: None,
        score: 100.0,
        tags: String::new(),
        seen: false,
    }
}

fn decode<T: FromReply>(bytes: &str) -> Result<T, ReplyError> {
    Frame::copy_from_slice(bytes.as_bytes()).decode()
}

fn message<T: FromReply + Debug>(bytes: &str) -> String {
    match decode::<T>(bytes) {
        Err(ReplyError::Decode(error)) => error.to_string(),
        other => panic!("no decode error for {bytes:?}: {other:?}"),
    }
}

#[test]
fn all_shapes_of_a_map_become_a_struct() {
    for bytes in [
        "%2\r\n+fullName\r\n+Ada\r\n+age\r\n:36\r\n",
        "*4\r\n$8\r\nfullName\r\n$3\r\nAda\r\n$3\r\nage\r\n$2\r\n36\r\n",
        "*2\r\n*2\r\n+fullName\r\n+Ada\r\n*2\r\n+age\r\n:36\r\n",
        // What the struct has no field for is ignored; of equal names the last counts; a null
        // is no value where there is a default.
        "%5\r\n+age\r\n+no\r\n+seen\r\n:1\r\n+score\r\n_\r\n+fullName\r\n+Ada\r\n+age\r\n:36\r\n",
    ] {
        assert_eq!(decode(bytes), Ok(user()), "{bytes}");
    }
    let all = "%5\r\n+fullName\r\n+Ada\r\n+age\r\n:36\r\n+e-mail\r\n+a@b\r\n+score\r\n,1.5\r\n\
        +tags\r\n+x\r\n";
    let full = User { mail: Some("a@b".into()), score: 1.5, tags: "x".into(), ..user() };
    assert_eq!(decode(all), Ok(full));
}

#[test]
fn errors_name_the_field() {
    for (bytes, expected) in [
        ("%1\r\n+age\r\n:1\r\n", "expected a struct, got a map without the field `fullName`"),
        (
            "%2\r\n+fullName\r\n+Ada\r\n+age\r\n:300\r\n",
            "expected u8, got an integer out of range for u8, in the field `age` of User",
        ),
        (
            "%2\r\n+fullName\r\n+Ada\r\n+age\r\n_\r\n",
            "expected u8, got a null (use an Option for what may be null), in the field `age` of User",
        ),
        ("*1\r\n+age\r\n", "expected a map for User, got an array with a name that has no value"),
        (":1\r\n", "expected a map for User, got an integer"),
        ("_\r\n", "expected a map for User, got a null (use an Option for what may be null)"),
        ("%1\r\n*0\r\n:1\r\n", "expected the name of a field, got an array"),
        ("*1\r\n*1\r\n+age\r\n", "expected a map for User, got an array of 1 elements, not 2"),
    ] {
        assert_eq!(message::<User>(bytes), expected, "{bytes}");
    }
    let nested = "%2\r\n+inner\r\n%1\r\n+fullName\r\n*0\r\n+at\r\n*0\r\n";
    assert_eq!(
        message::<Outer>(nested),
        "expected a string, got an array, in the field `fullName` of User, in the field `inner` of Outer"
    );
    let error = ServerError::new("ERR no");
    for bytes in ["-ERR no\r\n", "%1\r\n+fullName\r\n-ERR no\r\n"] {
        assert_eq!(decode::<User>(bytes), Err(ReplyError::Server(error.clone())), "{bytes}");
    }
    assert_eq!(decode::<Point>("*1\r\n-ERR no\r\n"), Err(ReplyError::Server(error)));
}

#[test]
fn nothing_is_none() {
    assert_eq!(decode::<Option<User>>("%0\r\n"), Ok(None));
    assert_eq!(decode::<Option<User>>("*0\r\n"), Ok(None));
    assert_eq!(decode::<Option<User>>("$-1\r\n"), Ok(None));
    assert!(message::<Option<User>>("%1\r\n+age\r\n:1\r\n").contains("without the field"));
    let outer = Outer { inner: None, at: Point(1.0, 2.0) };
    assert_eq!(decode("%1\r\n+at\r\n*2\r\n:1\r\n+2\r\n"), Ok(outer));
}

#[test]
fn tuples_newtypes_and_generics() {
    assert_eq!(decode("*2\r\n$3\r\n1.5\r\n,2\r\n"), Ok(Point(1.5, 2.0)));
    assert_eq!(
        message::<Point>("*3\r\n:1\r\n:2\r\n:3\r\n"),
        "expected an array for Point, got an array of 3 elements, not 2"
    );
    assert_eq!(
        message::<Point>("*2\r\n:1\r\n+x\r\n"),
        "expected f64, got a simple string that is not a number, in part 1 of Point"
    );
    assert_eq!(message::<Point>("%1\r\n:1\r\n:2\r\n"), "expected an array for Point, got a map");
    assert_eq!(decode(":7\r\n"), Ok(UserId(7)));
    assert_eq!(decode("*1\r\n$1\r\n7\r\n"), Ok(vec![UserId(7)]));
    let page = Page { items: vec![UserId(1)], next: Some([1, 2]) };
    assert_eq!(decode("%2\r\n+items\r\n*1\r\n:1\r\n+next\r\n*2\r\n:1\r\n:2\r\n"), Ok(page));
}

#[test]
fn structs_as_arguments() {
    fn sent(values: &impl ToArgs) -> Vec<String> {
        let mut args = ArgList::new();
        values.append_to(&mut args);
        let text = |arg: &redmux::resp::Arg<'_>| String::from_utf8(arg.as_bytes().into()).unwrap();
        args.iter().map(text).collect()
    }
    assert_eq!(sent(&user()), ["fullName", "Ada", "age", "36", "score", "100", "tags", ""]);
    let reachable = User { mail: Some("a@b".to_owned()), ..user() };
    assert_eq!(sent(&reachable)[4..6], ["e-mail", "a@b"]);
    assert_eq!(sent(&Point(1.5, 2.0)), ["1.5", "2"]);
}

#[async_std::test]
async fn structs_go_to_a_server_and_come_back() {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let options = Options::new(server.addr().to_string()).protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let db = muxer.database();
        db.flushall().await.unwrap();
        let ada = User { mail: Some("a@b".to_owned()), score: 0.1, ..user() };
        assert_eq!(db.hset("user:1", &ada).await.unwrap(), 5);
        assert_eq!(db.hgetall::<User>("user:1").await.unwrap(), ada);
        assert_eq!(db.hgetall::<Option<User>>("none").await.unwrap(), None);
        let error = db.hgetall::<User>("none").await.unwrap_err();
        assert!(error.to_string().contains("without the field `fullName`"), "{error}");

        let id: StreamId = db.xadd("log", &ada).await.unwrap();
        let entries = db.xrange("log", "-", "+").await.unwrap();
        assert_eq!(entries[0].fields::<Option<User>>().unwrap(), Some(ada.clone()));
        let read = db.xread::<String>([("log", "0")], XreadOptions::new());
        let read: HashMap<String, Vec<(StreamId, User)>> = read.reply_as().await.unwrap();
        assert_eq!(read["log"], [(id, ada)]);
        let reply: (UserId, Point) = db.eval("return {7, {'1.5', '2'}}", (), ()).await.unwrap();
        assert_eq!(reply, (UserId(7), Point(1.5, 2.0)));
        muxer.close().await;
    }
}
