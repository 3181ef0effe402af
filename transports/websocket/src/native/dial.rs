use std::{io, str::FromStr};

use async_tungstenite::tungstenite::{
    self,
    client::IntoClientRequest,
    handshake::client::Request,
    http::{HeaderName, HeaderValue, StatusCode},
    protocol::WebSocketConfig,
};
use futures::io::{AsyncRead, AsyncWrite};
use redmux_tcp::TcpTransport;
use redmux_transport::{
    ByteStream, Capabilities, DialError, DialOptions, DialStage, Endpoint, TlsOptions, Transport,
};

use crate::{WebSocketStream, WebSocketTransport, options::FRAGMENT};

/// Bytes read from the socket at once.
const READ_BUFFER: usize = 32 << 10;

impl Transport for WebSocketTransport {
    type Stream = WebSocketStream;

    fn capabilities(&self) -> Capabilities {
        Capabilities::messages()
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<WebSocketStream, DialError> {
        self.open(endpoint, &DialOptions::default()).await
    }

    async fn connect_with(
        &self,
        endpoint: &Endpoint,
        options: &DialOptions,
    ) -> Result<Box<dyn ByteStream>, DialError> {
        Ok(Box::new(self.open(endpoint, options).await?))
    }
}

impl WebSocketTransport {
    async fn open(
        &self,
        endpoint: &Endpoint,
        options: &DialOptions,
    ) -> Result<WebSocketStream, DialError> {
        let Endpoint::WebSocket { url } = endpoint else {
            return Err(DialError::unsupported(endpoint, "ws:// and wss:// URLs"));
        };
        let request = self.request(url)?;
        let (to, secure) = address(&request)?;
        let mut options = options.clone();
        match (secure, &options.tls) {
            (true, None) => options.tls = Some(TlsOptions::default()),
            (false, Some(_)) => {
                let message = "TLS is demanded, and a ws:// URL has none (expected wss://)";
                let error = io::Error::new(io::ErrorKind::InvalidInput, message);
                return Err(DialError::new(DialStage::Tls, error));
            }
            _ => {}
        }
        let socket = TcpTransport::default().connect_with(&to, &options).await?;
        self.upgrade(socket, request).await
    }

    /// Turns a connected stream into a WebSocket.
    async fn upgrade<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        request: Request,
    ) -> Result<WebSocketStream<S>, DialError> {
        let config = Some(self.config());
        let upgraded = async_tungstenite::client_async_with_config(request, stream, config).await;
        let (socket, _response) = upgraded.map_err(refused)?;
        Ok(WebSocketStream::new(socket, self))
    }

    pub(crate) fn config(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            // Cleared before each read: the default of 128 KiB costs more than most replies.
            .read_buffer_size(READ_BUFFER)
            // Every message goes to the socket at once, so that a full one pushes back.
            .write_buffer_size(0)
            .max_message_size(Some(self.receive_limit))
            .max_frame_size(Some(self.receive_limit))
    }

    fn request(&self, url: &str) -> Result<Request, DialError> {
        if url.contains('#') {
            return Err(invalid(FRAGMENT.to_owned()));
        }
        let mut request = url.into_client_request().map_err(|error| {
            // These errors name the fault and not the URL.
            invalid(format!("the WebSocket URL is malformed: {error}"))
        })?;
        let headers = request.headers_mut();
        for (name, value) in &self.headers {
            let header = HeaderName::from_str(name)
                .map_err(|_| invalid(format!("`{name}` is not the name of a header")))?;
            let value = HeaderValue::from_str(value)
                .map_err(|_| invalid(format!("the value of header `{name}` is malformed")))?;
            headers.append(header, value);
        }
        if !self.subprotocols.is_empty() {
            let names = HeaderValue::from_str(&self.subprotocols.join(", "))
                .map_err(|_| invalid("a subprotocol's name is malformed".to_owned()))?;
            headers.insert("Sec-WebSocket-Protocol", names);
        }
        Ok(request)
    }
}

/// The host and port of the request's URL, and whether it is encrypted.
fn address(request: &Request) -> Result<(Endpoint, bool), DialError> {
    let url = request.uri();
    let secure = match url.scheme_str() {
        Some("ws") => false,
        Some("wss") => true,
        _ => return Err(invalid("a WebSocket URL begins with ws:// or wss://".to_owned())),
    };
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(invalid(
            "a native WebSocket takes no user information in its URL; send an \
                            Authorization header"
                .to_owned(),
        ));
    }
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
    Ok((Endpoint::tcp(host, port), secure))
}

fn invalid(message: String) -> DialError {
    DialError::new(DialStage::Dial, io::Error::new(io::ErrorKind::InvalidInput, message))
}

fn refused(error: tungstenite::Error) -> DialError {
    use tungstenite::Error;
    let error = match error {
        Error::Io(error) => error,
        Error::Http(response) => {
            let status = response.status();
            let kind = match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => io::ErrorKind::PermissionDenied,
                StatusCode::NOT_FOUND => io::ErrorKind::NotFound,
                _ => io::ErrorKind::ConnectionRefused,
            };
            io::Error::new(kind, format!("the server answered the upgrade with HTTP {status}"))
        }
        other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
    };
    DialError::new(DialStage::Upgrade, error)
}
