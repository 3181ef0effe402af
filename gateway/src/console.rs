//! The web console: a page for people, under headers that let it do nothing else.

use std::{io, path::PathBuf};

use futures::io::AsyncWrite;

use crate::{
    config::Origin,
    files::{Answer, read},
    http::{NOT_FOUND, RequestHead, Status, refuse, respond},
};

/// Where it is served.
pub(crate) const PATH: &str = "/console/";

/// The console's files, and what else its page may reach
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Console {
    /// The folder that `cargo xtask console` has put together.
    pub directory: PathBuf,
    /// Other gateways (`wss://host[:port]`) the page may connect to. Default none: only this one.
    pub connect: Vec<Origin>,
}

impl Console {
    /// The console in this folder.
    ///
    /// # Errors
    /// There is no console in it.
    pub fn new(directory: impl Into<PathBuf>) -> io::Result<Self> {
        let directory = directory.into();
        for file in ["index.html", "redmux/src/index.js", "redmux/pkg/redmux_wasm_bg.wasm"] {
            if !directory.join(file).is_file() {
                let text = format!("no console is in it: {file} is missing");
                return Err(io::Error::new(io::ErrorKind::NotFound, text));
            }
        }
        Ok(Self { directory, connect: Vec::new() })
    }

    /// Lets the page connect to this gateway too.
    ///
    /// # Errors
    /// It is no `ws://` or `wss://` address without a path.
    pub(crate) fn allow(&mut self, address: &str) -> Result<(), &'static str> {
        let expected = "expected ws://host[:port] or wss://host[:port]";
        let origin: Origin = address.parse().map_err(|_| expected)?;
        if !origin.is_websocket() {
            return Err(expected);
        }
        self.connect.push(origin);
        Ok(())
    }

    /// Scripts and styles from here only, none inline; no sinks that make HTML of text; in no frame.
    ///
    /// `host` was checked: it holds nothing that has a meaning in a policy.
    fn policy(&self, host: &str) -> String {
        let others: String = self.connect.iter().map(|origin| format!(" {origin}")).collect();
        format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
             img-src 'self' data:; connect-src 'self' ws://{host} wss://{host}{others}; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'"
        )
    }

    /// Answers a request below [`PATH`].
    pub(crate) async fn serve(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
        head: &RequestHead,
        websocket: &str,
    ) -> io::Result<()> {
        let with_body = head.method == "GET";
        let Some(path) = head.path.strip_prefix(PATH.trim_end_matches('/')) else {
            return refuse(stream, NOT_FOUND, "there is nothing here\n").await;
        };
        // Not every browser takes `self` for WebSockets too.
        let policy = self.policy(head.host.as_deref().unwrap_or_default());
        let mut headers = vec![
            ("Content-Security-Policy", policy.as_str()),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
            // Asked for each time, sent only when it has changed: an upgrade holds at once.
            ("Cache-Control", "no-cache"),
        ];
        if path.is_empty() {
            headers.push(("Location", PATH));
            let moved = Status(308, "Permanent Redirect");
            return respond(stream, moved, &headers, "text/plain", b"", with_body).await;
        }
        if path == "/gateway.json" {
            let body = serde_json::json!({ "path": websocket }).to_string();
            let ok = Status(200, "OK");
            let kind = "application/json";
            return respond(stream, ok, &headers, kind, body.as_bytes(), with_body).await;
        }
        let known = head.if_none_match.clone();
        match read(&self.directory, path, known).await {
            None => refuse(stream, NOT_FOUND, "there is no such file\n").await,
            Some(Answer { content_type, tag, body }) => {
                headers.push(("ETag", &tag));
                match body {
                    Some(found) => found.send(stream, &headers, with_body).await,
                    None => {
                        let status = Status(304, "Not Modified");
                        respond(stream, status, &headers, content_type, b"", with_body).await
                    }
                }
            }
        }
    }
}

/// Whether a path is the console's, where there is one.
pub(crate) fn is_below(path: &str) -> bool {
    path.starts_with(PATH) || path == PATH.trim_end_matches('/')
}
