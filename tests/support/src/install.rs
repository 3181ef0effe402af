//! What fetching programs has in common.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// Gives a directory that is complete its name, unless another process was faster.
pub(crate) fn place(part: &Path, home: &Path) -> io::Result<()> {
    if let Err(error) = fs::rename(part, home) {
        let _ = fs::remove_dir_all(part);
        if !home.exists() {
            return Err(error);
        }
    }
    Ok(())
}

pub(crate) fn make_executable(program: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut permissions = fs::metadata(program)?.permissions();
    if permissions.mode() & 0o111 != 0o111 {
        permissions.set_mode(0o755);
        fs::set_permissions(program, permissions)?;
    }
    Ok(())
}

/// Returns what a command prints.
pub(crate) fn run(command: &mut Command) -> io::Result<String> {
    let output = command.output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}
