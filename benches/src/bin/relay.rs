//! The least that can stand between a client and a server: `relay LISTEN UPSTREAM` copies
//! bytes in both directions, with a blocking thread for each. What a gateway adds is
//! measured against it, because the hop itself costs two wake-ups of a process.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = &args[..] else {
        eprintln!("usage: relay LISTEN UPSTREAM");
        std::process::exit(2);
    };
    for client in TcpListener::bind(listen)?.incoming() {
        let (client, server) = (client?, TcpStream::connect(upstream)?);
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
        }
        let (from, to) = (client.try_clone()?, server.try_clone()?);
        thread::spawn(move || copy(from, to));
        thread::spawn(move || copy(server, client));
    }
    Ok(())
}

/// Until either side ends.
fn copy(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
}
