//! Temporary directories that go away.

use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, io, process};

const PREFIX: &str = "redmux-test-";

/// A fresh directory, removed with its content when dropped.
#[derive(Debug)]
pub struct TempDir {
    path: PathBuf,
}

impl TempDir {
    /// Creates one under the system's temporary directory.
    ///
    /// # Errors
    /// When the directory cannot be created; the message names it.
    pub fn new() -> io::Result<Self> {
        static SWEEP: Once = Once::new();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        SWEEP.call_once(remove_left_over);
        loop {
            let n = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = env::temp_dir().join(format!("{PREFIX}{}-{n}", process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => {
                    let text = format!("cannot create {}: {e}", path.display());
                    return Err(io::Error::new(e.kind(), text));
                }
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes the directories of processes that are gone: a server kept in a
/// `static` is never dropped, and a killed test process drops nothing.
fn remove_left_over() {
    let proc = Path::new("/proc");
    if !proc.join("self").exists() {
        return; // cannot tell who is alive
    }
    let Ok(entries) = fs::read_dir(env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|n| n.strip_prefix(PREFIX)?.split('-').next());
        if owner.is_some_and(|pid| pid.parse::<u32>().is_ok() && !proc.join(pid).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
