//! Everything before an upload, and the upload.

mod crates;
mod floors;
mod licences;
mod metadata;
mod npm;
mod project;
mod third_party;

use std::process::Command;
use std::time::{Duration, Instant};

use crate::exec::{self, Result};
use project::Project;

/// What `cargo xtask release` does.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Nothing was asked for.
    #[default]
    None,
    /// Checks that need no build.
    Quick,
    /// All checks.
    DryRun,
    /// All checks, and the upload.
    Upload,
    /// Writes what depends on `Cargo.toml`.
    Write,
}

impl Task {
    /// Returns what two options mean together.
    pub(crate) fn and(self, other: Self) -> Result<Self> {
        match (self, other) {
            (Self::None, one) => Ok(one),
            (Self::DryRun, Self::Quick) | (Self::Quick, Self::DryRun) => Ok(Self::Quick),
            (one, other) => Err(format!("{one:?} and {other:?} do not go together").into()),
        }
    }
}

/// Runs the task.
pub(crate) fn run(task: Task) -> Result<()> {
    match task {
        Task::None => return Err("say --dry-run, --upload or --write".into()),
        Task::Write => return metadata::write(&Project::read()?),
        Task::Quick | Task::DryRun | Task::Upload => {}
    }
    let started = Instant::now();
    let project = Project::read()?;
    if task == Task::Upload {
        // Before minutes of checks.
        nothing_is_left_to_do(&project)?;
    }
    step("metadata", || faults(metadata::faults(&project)?))?;
    step("licences and crates of others", || {
        faults(licences::faults(&project)?.into_iter().chain(third_party::faults()?).collect())
    })?;
    step("crates", || crates::package(&project, task != Task::Quick))?;
    let tarball = step("npm package", || npm::pack(&project))?;
    if task != Task::Quick {
        step("documentation as on docs.rs", || crates::document(&project))?;
        step("oldest Rust and oldest dependencies", || floors::check(&project))?;
    }
    println!("all in {:.0} s", started.elapsed().as_secs_f64());
    match task {
        Task::Upload => upload(&project, &tarball),
        _ => {
            let left = metadata::not_yet(&project);
            for what in &left {
                println!("before an upload: {what}");
            }
            Ok(())
        }
    }
}

/// Runs a step and prints its name and time.
fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    println!("{name}:");
    let done = work()?;
    println!("  ok ({:.1} s)", started.elapsed().as_secs_f64());
    Ok(done)
}

/// Fails with all faults at once.
fn faults(found: Vec<String>) -> Result<()> {
    match found.is_empty() {
        true => Ok(()),
        false => Err(found.join("\n").into()),
    }
}

/// Fails if something would be uploaded that can never be taken back.
fn nothing_is_left_to_do(project: &Project) -> Result<()> {
    let mut left = metadata::not_yet(project);
    let mut git = Command::new("git");
    git.current_dir(crate::root()).args(["status", "--porcelain"]);
    if !exec::output(&mut git, Duration::from_secs(60))?.trim().is_empty() {
        left.push("the work tree has changes that are not committed".to_owned());
    }
    match left.is_empty() {
        true => Ok(()),
        false => Err(format!("nothing is uploaded:\n{}", left.join("\n")).into()),
    }
}

/// Uploads the crates in the order of their dependencies, then the npm package.
fn upload(project: &Project, tarball: &std::path::Path) -> Result<()> {
    let mut cargo = exec::cargo();
    cargo.args(["publish", "--locked"]).args(project.packages());
    println!("{}", exec::shown(&cargo));
    exec::output(&mut cargo, Duration::from_secs(3600))?;
    let mut npm = Command::new(crate::tools::npm()?);
    npm.args(["publish", "--access", "public"]).arg(tarball);
    println!("{}", exec::shown(&npm));
    exec::output(&mut npm, Duration::from_secs(600)).map(drop)?;
    println!("now: git tag v{0} && git push origin v{0}", project.version);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Task;

    #[test]
    fn an_upload_is_never_meant_by_accident() {
        assert_eq!(Task::None.and(Task::Upload).unwrap(), Task::Upload);
        assert_eq!(Task::DryRun.and(Task::Quick).unwrap(), Task::Quick);
        for one in [Task::DryRun, Task::Quick, Task::Write] {
            assert!(one.and(Task::Upload).is_err() && Task::Upload.and(one).is_err());
        }
    }
}
