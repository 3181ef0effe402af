use std::{
    fs::File,
    io::{self, Read, Seek},
    path::{Path, PathBuf},
};

use futures::io::{AsyncWrite, AsyncWriteExt};
use percent_encoding::percent_decode_str;
use ring::digest::{Context, SHA256};
use smol::unblock;

use crate::http::{NOT_FOUND, Status, head, refuse};

/// Adds the file's name to an error.
pub(crate) fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Serves one file below `root`.
pub(crate) async fn serve(
    stream: &mut (impl AsyncWrite + Unpin),
    root: &Path,
    path: &str,
    with_body: bool,
) -> io::Result<u16> {
    let Some(found) = find(root, path, Some).await else {
        refuse(stream, NOT_FOUND, "there is no such file\n").await?;
        return Ok(NOT_FOUND.0);
    };
    let headers = [("Cache-Control", "no-cache"), ("Referrer-Policy", "no-referrer")];
    found.send(stream, &headers, with_body).await?;
    Ok(200)
}

/// An open file, which is read piece by piece while it is sent
pub(crate) struct Found {
    pub(crate) content_type: &'static str,
    file: File,
    len: u64,
}

/// The most bytes of a file that are in memory.
const PIECE: usize = 64 << 10;

impl Found {
    /// Sends the whole file and closes the stream.
    pub(crate) async fn send(
        self,
        stream: &mut (impl AsyncWrite + Unpin),
        headers: &[(&str, &str)],
        with_body: bool,
    ) -> io::Result<()> {
        let head = head(Status(200, "OK"), headers, self.content_type, Some(self.len));
        stream.write_all(head.as_bytes()).await?;
        if with_body {
            let (mut file, mut left, mut piece) = (self.file, self.len, vec![0; PIECE]);
            while left > 0 {
                let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
                let read;
                (file, piece, read) = unblock(move || {
                    let read = file.read(&mut piece[..most]);
                    (file, piece, read)
                })
                .await;
                match read? {
                    // The file was truncated meanwhile: the browser notices that bytes are missing.
                    0 => break,
                    n => {
                        stream.write_all(&piece[..n]).await?;
                        left -= n as u64;
                    }
                }
            }
        }
        stream.close().await
    }

    /// Changes with the content.
    fn tag(&mut self) -> io::Result<String> {
        let mut context = Context::new(&SHA256);
        let mut piece = vec![0; PIECE];
        loop {
            match self.file.read(&mut piece)? {
                0 => break,
                n => context.update(&piece[..n]),
            }
        }
        self.file.rewind()?;
        let hash = context.finish();
        let hex: String = hash.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("\"{hex}\""))
    }
}

/// The answer to a browser that may have the file already
pub(crate) struct Answer {
    pub(crate) content_type: &'static str,
    /// Changes with the content.
    pub(crate) tag: String,
    /// `None` if the browser has the current content.
    pub(crate) body: Option<Found>,
}

/// Opens a file below `root`; `known` is the request's `If-None-Match`.
pub(crate) async fn read(root: &Path, path: &str, known: Option<String>) -> Option<Answer> {
    find(root, path, move |mut found| {
        let tag = found.tag().ok()?;
        let has_it = known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
        Some(Answer { content_type: found.content_type, tag, body: (!has_it).then_some(found) })
    })
    .await
}

/// Applies `make` to the file that `path` names, if there is one, on a thread that may block.
async fn find<T: Send + 'static>(
    root: &Path,
    path: &str,
    make: impl FnOnce(Found) -> Option<T> + Send + 'static,
) -> Option<T> {
    let (root, asked) = (root.to_owned(), path.to_owned());
    unblock(move || {
        let path = locate(&root, &asked)?;
        let file = File::open(&path).ok()?;
        let len = file.metadata().ok().filter(|data| data.is_file())?.len();
        make(Found { content_type: content_type(&path), file, len })
    })
    .await
}

/// Returns the file that a request's path names, if it is inside `root`.
fn locate(root: &Path, path: &str) -> Option<PathBuf> {
    let mut file = root.to_owned();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let part = percent_decode_str(part).decode_utf8().ok()?;
        // No hidden files, no `..`, and no other way to write a separator.
        if part.starts_with('.') || part.contains(['/', '\\', '\0']) {
            return None;
        }
        file.push(&*part);
    }
    // Symbolic links are followed, but not out of the folder.
    let (root, mut file) = (root.canonicalize().ok()?, file.canonicalize().ok()?);
    if file.is_dir() {
        file = file.join("index.html").canonicalize().ok()?;
    }
    (file.starts_with(&root) && file.is_file()).then_some(file)
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_inside_the_folder_are_found() {
        let base = std::env::temp_dir().join(format!("redmux-files-{}", std::process::id()));
        let root = base.join("root");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        for (file, text) in
            [("index.html", "i"), ("a b.js", "j"), (".hidden", "h"), ("sub/x.css", "c")]
        {
            std::fs::write(root.join(file), text).unwrap();
        }
        std::fs::write(base.join("secret"), "s").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(base.join("secret"), root.join("link")).unwrap();
        for path in ["/", "/index.html", "//index.html", "/a%20b.js", "/sub/x.css"] {
            assert!(locate(&root, path).is_some(), "{path}");
        }
        for path in [
            "/../secret",
            "/%2e%2e/secret",
            "/sub/../../secret",
            "/sub%2f..%2f..%2fsecret",
            "/..%5csecret",
            "/.hidden",
            "/link",
            "/sub",
            "/none",
            "/%",
            "/%zz",
            "/%ff",
            "/index.html%00",
        ] {
            assert!(locate(&root, path).is_none(), "{path}");
        }
        std::fs::remove_dir_all(base).unwrap();
    }
}
