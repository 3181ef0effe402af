use std::{
    future::{Future, poll_fn},
    io,
    pin::Pin,
    task::Poll,
    time::Duration,
};

use async_std::{future::timeout, net::TcpListener, net::TcpStream, task};
use async_tungstenite::{
    WebSocketStream as Peer, accept_async, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::StatusCode,
        protocol::{
            CloseFrame, Role,
            frame::{
                Frame,
                coding::{Data, OpCode},
            },
        },
    },
};
use futures::{
    AsyncRead, AsyncWrite, FutureExt, StreamExt,
    future::join,
    io::{AsyncReadExt, AsyncWriteExt},
};
use redmux_transport::{DialError, DialStage, Endpoint, Transport};

use crate::{CloseCode, WebSocketStream, WebSocketTransport};

/// Fails a test that would hang.
async fn bounded<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future).await.expect("the test hangs")
}

/// Runs `serve` on the one WebSocket that is accepted, and dials it.
async fn dial<F>(serve: impl FnOnce(Peer<TcpStream>) -> F + Send + 'static) -> WebSocketStream
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/redis?db=1", listener.local_addr().unwrap());
    task::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(accept_async(stream).await.unwrap()).await;
    });
    bounded(WebSocketTransport::default().connect(&url.parse().unwrap())).await.unwrap()
}

async fn dial_error(transport: &WebSocketTransport, url: &str) -> DialError {
    let to = Endpoint::WebSocket { url: url.to_owned() };
    match bounded(transport.connect(&to)).await {
        Ok(_) => panic!("{url} was dialled"),
        Err(error) => error,
    }
}

async fn echo<S>(mut peer: Peer<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = peer.next().await {
        if message.is_binary() && peer.send(message).await.is_err() {
            break;
        }
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

fn close_code(error: &io::Error) -> &CloseCode {
    error.get_ref().expect("a close code inside").downcast_ref().expect("of this type")
}

#[async_std::test]
async fn carries_more_than_a_message_holds() {
    let mut stream = dial(echo).await;
    let sent = pattern(3_000_000);
    let mut got = vec![0; sent.len()];
    let (mut reader, mut writer) = (&mut stream).split();
    let write = async { writer.write_all(&sent).await.unwrap() };
    let read = async { reader.read_exact(&mut got).await.unwrap() };
    bounded(join(write, read)).await;
    assert!(got == sent);
}

#[async_std::test]
async fn messages_out_are_cut_to_their_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = format!("ws://{}", listener.local_addr().unwrap()).parse().unwrap();
    let server = task::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = accept_async(stream).await.unwrap();
        let mut lengths = Vec::new();
        while lengths.iter().sum::<usize>() < 25 {
            lengths.push(peer.next().await.unwrap().unwrap().len());
        }
        lengths
    });
    let transport = WebSocketTransport::default().max_message_out(10);
    let mut stream = bounded(transport.connect(&to)).await.unwrap();
    stream.write_all(&[0; 25]).await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(bounded(server).await, [10, 10, 5]);
}

#[async_std::test]
async fn message_boundaries_and_fragments_mean_nothing() {
    let mut stream = dial(|mut peer| async move {
        let part = |bytes: &[u8], kind, last| {
            Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(kind), last))
        };
        for message in [
            Message::binary(b"on".to_vec()),
            Message::binary(Vec::new()),
            part(b"e ", Data::Binary, false),
            Message::Ping(b"between".to_vec().into()),
            part(b"st", Data::Continue, false),
            part(b"ream", Data::Continue, true),
        ] {
            peer.send(message).await.unwrap();
        }
        peer.close(None).await.unwrap();
        while peer.next().await.is_some() {}
    })
    .await;
    let mut text = String::new();
    bounded(stream.read_to_string(&mut text)).await.unwrap();
    assert_eq!(text, "one stream");
}

#[async_std::test]
async fn pings_are_answered_by_reading_alone() {
    let mut stream = dial(|mut peer| async move {
        peer.send(Message::Ping(b"there?".to_vec().into())).await.unwrap();
        let answer = peer.next().await.unwrap().unwrap();
        assert_eq!(answer, Message::Pong(b"there?".to_vec().into()));
        peer.send(Message::binary(b"ok".to_vec())).await.unwrap();
        while peer.next().await.is_some() {}
    })
    .await;
    let mut ok = [0; 2];
    bounded(stream.read_exact(&mut ok)).await.unwrap();
    assert_eq!(&ok, b"ok");
}

#[async_std::test]
async fn a_clean_close_is_the_end_of_the_stream() {
    for code in [1000, 1001] {
        let mut stream = dial(move |mut peer| async move {
            peer.send(Message::binary(b"bye".to_vec())).await.unwrap();
            let frame = CloseFrame { code: code.into(), reason: "".into() };
            peer.close(Some(frame)).await.unwrap();
            // The client answered before it reported the end.
            while let Some(Ok(message)) = peer.next().await {
                assert!(message.is_close(), "{message}");
            }
        })
        .await;
        let mut text = String::new();
        bounded(stream.read_to_string(&mut text)).await.unwrap();
        assert_eq!(text, "bye");
        let error = bounded(stream.write(b"x")).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(close_code(&error).code, code);
        bounded(stream.close()).await.unwrap();
    }
}

#[async_std::test]
async fn the_close_code_is_told() {
    let mut stream = dial(|mut peer| async move {
        let frame = CloseFrame { code: 4401.into(), reason: "token expired".into() };
        peer.close(Some(frame)).await.unwrap();
        while peer.next().await.is_some() {}
    })
    .await;
    for _ in 0..2 {
        let error = bounded(stream.read(&mut [0])).await.unwrap_err();
        let close = close_code(&error);
        assert_eq!((close.code, close.reason.as_str()), (4401, "token expired"));
    }
    assert_eq!(close_code(&stream.write(b"x").await.unwrap_err()).code, 4401);
}

#[async_std::test]
async fn an_abnormal_end_fails_the_read() {
    let mut stream = dial(|peer| async move { drop(peer) }).await;
    let error = bounded(stream.read(&mut [0])).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(close_code(&error).code, 1006);
}

#[async_std::test]
async fn text_is_refused() {
    let mut stream = dial(|mut peer| async move {
        peer.send(Message::text("+OK\r\n")).await.unwrap();
        while peer.next().await.is_some() {}
    })
    .await;
    let error = bounded(stream.read(&mut [0])).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(error.to_string().contains("not binary"), "{error}");
}

#[async_std::test]
async fn a_message_beyond_the_receive_limit_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = format!("ws://{}", listener.local_addr().unwrap()).parse().unwrap();
    task::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = accept_async(stream).await.unwrap();
        peer.send(Message::binary(vec![0; 1001])).await.unwrap();
        while peer.next().await.is_some() {}
    });
    let transport = WebSocketTransport::default().receive_limit(1000);
    let mut stream = bounded(transport.connect(&to)).await.unwrap();
    let error = bounded(stream.read(&mut [0])).await.unwrap_err();
    assert!(error.to_string().contains("receive_limit"), "{error}");
}

#[async_std::test]
async fn closing_sends_a_close_frame_and_waits_for_the_answer() {
    let (sender, received) = futures::channel::oneshot::channel();
    let mut stream = dial(|mut peer| async move {
        let mut messages = Vec::new();
        while let Some(Ok(message)) = peer.next().await {
            messages.push(message);
        }
        sender.send(messages).unwrap();
    })
    .await;
    stream.write_all(b"last words").await.unwrap();
    bounded(stream.close()).await.unwrap();
    let messages = bounded(received).await.unwrap();
    assert_eq!(messages[0], Message::binary(b"last words".to_vec()));
    let Message::Close(Some(frame)) = &messages[1] else { panic!("{messages:?}") };
    assert_eq!(u16::from(frame.code), 1000);
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[async_std::test]
async fn closing_does_not_wait_forever() {
    let mut stream = dial(|peer| async move {
        task::sleep(Duration::from_secs(3600)).await;
        drop(peer);
    })
    .await;
    bounded(stream.close()).await.unwrap();
    assert_eq!(stream.write(b"x").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[async_std::test]
async fn a_blocked_write_does_not_stop_reads() {
    // The echo blocks as soon as its answers are not read, far below what is written here.
    let (ours, theirs) = redmux_memory::duplex(64, 64);
    task::spawn(async { echo(Peer::from_raw_socket(theirs, Role::Server, None).await).await });
    let options = WebSocketTransport::default().max_message_out(500);
    let raw = Peer::from_raw_socket(ours, Role::Client, Some(options.config())).await;
    let mut stream = WebSocketStream::new(raw, &options);
    let sent = pattern(50_000);
    let (mut written, mut got) = (0, Vec::new());
    // As a driver does: both directions in every poll, from one task, without a flush.
    let exchange = poll_fn(|cx| {
        loop {
            let mut idle = true;
            if written < sent.len()
                && let Poll::Ready(count) = Pin::new(&mut stream).poll_write(cx, &sent[written..])
            {
                (written, idle) = (written + count.unwrap(), false);
            }
            let mut buffer = [0; 333];
            if let Poll::Ready(count) = Pin::new(&mut stream).poll_read(cx, &mut buffer) {
                (idle, got) = (false, [&got, &buffer[..count.unwrap()]].concat());
            }
            if got.len() == sent.len() {
                return Poll::Ready(());
            }
            if idle {
                return Poll::Pending;
            }
        }
    });
    bounded(exchange).await;
    assert!(got == sent);
}

#[async_std::test]
async fn a_full_socket_makes_writes_wait() {
    let (ours, theirs) = redmux_memory::duplex(1000, 1000);
    let options = WebSocketTransport::default();
    let raw = Peer::from_raw_socket(ours, Role::Client, Some(options.config())).await;
    let mut stream = WebSocketStream::new(raw, &options);
    let mut accepted = 0;
    while let Some(count) = stream.write(&[0; 600]).now_or_never() {
        accepted += count.unwrap();
        assert!(accepted < 10_000, "nobody reads, and still writes are accepted");
    }
    // One message may be on its way into the socket, no more.
    assert_eq!(accepted, 1200);
    drop(theirs);
    assert!(bounded(stream.write(&[0; 600])).await.is_err());
}

#[async_std::test]
async fn the_upgrade_carries_headers_and_subprotocols() {
    let listener = TcpListener::bind("[::1]:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = task::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        #[expect(clippy::result_large_err, reason = "the type that the library asks for")]
        let look = |request: &Request, mut response: Response| {
            seen.push(request.uri().to_string());
            for name in ["Host", "Origin", "Authorization", "Sec-WebSocket-Protocol"] {
                seen.push(request.headers()[name].to_str().unwrap().to_owned());
            }
            response.headers_mut().insert("Sec-WebSocket-Protocol", "redis".parse().unwrap());
            Ok(response)
        };
        accept_hdr_async(stream, look).await.unwrap();
        seen
    });
    let transport = WebSocketTransport::default()
        .subprotocol("resp")
        .subprotocol("redis")
        .origin("https://app.example")
        .header("Authorization", "Bearer hunter2");
    assert!(!format!("{transport:?}").contains("hunter2"));
    let to = format!("ws://{address}/a/b?token=x").parse().unwrap();
    bounded(transport.connect(&to)).await.unwrap();
    let host = address.to_string();
    let wanted = ["/a/b?token=x", &host, "https://app.example", "Bearer hunter2", "resp, redis"];
    assert_eq!(bounded(server).await, wanted);
}

#[async_std::test]
async fn a_refused_upgrade_tells_the_status() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/?token=hunter2", listener.local_addr().unwrap());
    task::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        #[expect(clippy::result_large_err, reason = "the type that the library asks for")]
        let refuse = |_: &Request, _: Response| {
            let mut response = ErrorResponse::new(Some("no such token".to_owned()));
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            Err(response)
        };
        assert!(accept_hdr_async(stream, refuse).await.is_err());
    });
    let error = dial_error(&WebSocketTransport::default(), &url).await;
    assert_eq!(error.stage, DialStage::Upgrade);
    assert_eq!(error.source.kind(), io::ErrorKind::PermissionDenied);
    assert!(error.to_string().contains("401"), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[async_std::test]
async fn what_does_not_speak_websocket_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    task::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"-ERR unknown command 'GET'\r\n\r\n").await.unwrap();
        let _ = stream.read(&mut [0; 1000]).await;
    });
    let error = dial_error(&WebSocketTransport::default(), &url).await;
    assert_eq!(error.stage, DialStage::Upgrade, "{error}");
}

#[async_std::test]
async fn the_stage_of_a_failure_is_told() {
    let transport = WebSocketTransport::default();
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (url, stage, kind, text) in [
        (format!("ws://{unused}"), DialStage::Dial, io::ErrorKind::ConnectionRefused, "refused"),
        (format!("wss://{unused}"), DialStage::Dial, io::ErrorKind::ConnectionRefused, "refused"),
        ("ws://a:hunter2@b".to_owned(), DialStage::Dial, io::ErrorKind::InvalidInput, "user"),
        ("ws://b/ hunter2".to_owned(), DialStage::Dial, io::ErrorKind::InvalidInput, "malformed"),
        ("ws://b/#hunter2".to_owned(), DialStage::Dial, io::ErrorKind::InvalidInput, "fragment"),
        ("ws:///hunter2".to_owned(), DialStage::Dial, io::ErrorKind::InvalidInput, "malformed"),
        ("http://hunter2".to_owned(), DialStage::Dial, io::ErrorKind::InvalidInput, "ws://"),
    ] {
        let error = dial_error(&transport, &url).await;
        assert_eq!((error.stage, error.source.kind()), (stage, kind), "{url}: {error}");
        assert!(error.to_string().contains(text), "{url}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    let error = dial_error(&transport, "ws://no-such-host.invalid").await;
    assert_eq!(error.stage, DialStage::Resolve);
    let bad = transport.header("X-Token", "hunter2\r\nEvil: 1");
    let error = dial_error(&bad, "ws://localhost").await.to_string();
    assert!(error.contains("X-Token") && !error.contains("hunter2"), "{error}");
    let error = bad.connect(&Endpoint::tcp("host", 1)).await.map(drop).unwrap_err();
    assert_eq!(error.source.kind(), io::ErrorKind::Unsupported);
}
