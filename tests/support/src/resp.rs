use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

/// One command as RESP bytes.
pub fn encode(args: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        bytes.extend_from_slice(format!("${}\r\n{arg}\r\n", arg.len()).as_bytes());
    }
    bytes
}

/// Sends one command over a fresh connection, without the client under test.
///
/// Returns the reply as text: strings as they are, errors with a leading `-`, `(nil)` for
/// null, the elements of arrays separated by newlines.
pub fn call(address: &str, args: &[&str]) -> io::Result<String> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    (&stream).write_all(&encode(args))?;
    read(&mut BufReader::new(stream))
}

fn read(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line = line.trim_end();
    let bad = || io::Error::new(io::ErrorKind::InvalidData, format!("not RESP2: {line}"));
    let (kind, rest) = line.split_at_checked(1).ok_or_else(bad)?;
    match kind {
        "+" | ":" => Ok(rest.to_owned()),
        "-" => Ok(line.to_owned()),
        "$" | "*" if rest == "-1" => Ok("(nil)".to_owned()),
        "$" => {
            let mut bytes = vec![0; rest.parse::<usize>().map_err(|_| bad())? + 2];
            stream.read_exact(&mut bytes)?;
            bytes.truncate(bytes.len() - 2);
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        "*" => {
            let count = rest.parse::<usize>().map_err(|_| bad())?;
            let items: io::Result<Vec<String>> = (0..count).map(|_| read(stream)).collect();
            Ok(items?.join("\n"))
        }
        _ => Err(bad()),
    }
}
