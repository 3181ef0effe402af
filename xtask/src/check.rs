//! Checks the demo without a person.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use redmux_test_support::{Programs, RedisServer, RedisServerBuilder, TempDir, Websockify};

use crate::exec::{self, Logged, Result};
use crate::stack::Stack;
use crate::{control, packages, tools};

const LEG_LIMIT: Duration = Duration::from_secs(300);

/// Runs all legs, even if one fails, so that one run shows every fault.
pub(crate) fn run(port: Option<u16>) -> Result<()> {
    let chromium = tools::chromium()?;
    let node = tools::node()?;
    tools::websockify()?;
    packages::install(packages::WWW)?;
    // Without a port from the command line, any free one: the usual one is left to a demo.
    let mut stack = Stack::start(&[port])?;
    let control = control::start(&stack.redis)?;
    let meanwhile = Meanwhile::start(&node, &chromium)?;
    let in_turn = in_turn(&stack, control, &node, &chromium);
    // Also after an error: nothing may be left running.
    let meanwhile = meanwhile.join();
    let mut failed = in_turn?;
    failed.extend(meanwhile?);
    stack.check_gateway()?;
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("the demo failed in {}", failed.join(", and in ")).into()),
    }
}

/// Runs the legs that share the demo's server or the screen, one after the other. Returns those that failed.
fn in_turn(
    stack: &Stack,
    control: SocketAddr,
    node: &Path,
    chromium: &Path,
) -> Result<Vec<&'static str>> {
    let logs = TempDir::new()?;
    let script = || {
        let mut command = Command::new(node);
        command
            .current_dir(packages::dir(packages::WWW))
            .arg("test/demo-check.mjs")
            .env("REDMUX_URL", stack.url())
            .env("REDMUX_CONTROL", format!("http://{control}"))
            .env("REDMUX_REDIS", stack.redis.addr().to_string())
            .env("CHROMIUM", chromium);
        command
    };
    let mut failed = Vec::new();
    let passed = leg("browser through the gateway", &mut script(), logs.path())?;
    if !passed {
        println!("the gateway's log:\n{}", stack.gateway_log(40));
        failed.push("the browser through the gateway");
    }
    // The next legs start with a fresh server.
    stack.redis.try_restart()?;

    let mut example = exec::cargo();
    example.args(["run", "--quiet", "--locked", "--package", "redmux", "--example", "quickstart"]);
    example.arg("--").arg(stack.redis.addr().to_string());
    if !example_leg(&mut example, logs.path())? {
        failed.push("the native example");
    }

    let proxy = Websockify::try_start(stack.redis.port())?;
    // The proxy serves no demo page: the gateway does, and the page connects to the proxy.
    let mut through_proxy = script();
    through_proxy.env("REDMUX_WS", proxy.url());
    if !leg("browser through websockify", &mut through_proxy, logs.path())? {
        println!("websockify's log:\n{}", proxy.log_tail(40));
        failed.push("the browser through websockify");
    }
    if !other_engines(&script, stack, logs.path())? {
        failed.push("Firefox or WebKitGTK");
    }
    // The console too starts with a fresh server.
    stack.redis.try_restart()?;
    let programs = Programs::in_dir(crate::target_dir().join("tmp/servers"));
    let modules = RedisServerBuilder::default().program(programs.redis_stack()).start()?;
    let mut console = Command::new(node);
    console
        .current_dir(packages::dir(packages::WWW))
        .arg("test/console/check.mjs")
        .env("REDMUX_GATEWAY", crate::target_dir().join("debug/redmux-gateway"))
        .env("REDMUX_CONSOLE", stack.console())
        .env("REDMUX_CONTROL", format!("http://{control}"))
        .env("REDMUX_REDIS", stack.redis.addr().to_string())
        .env("REDMUX_STACK", modules.addr().to_string())
        .env("CHROMIUM", chromium);
    if !leg("web console in the browser", &mut console, logs.path())? {
        failed.push("the web console");
    }
    let mut catalog = Command::new(node);
    catalog
        .current_dir(packages::dir(packages::WWW))
        .arg("test/catalog-check.mjs")
        .env("REDMUX_GATEWAY", crate::target_dir().join("debug/redmux-gateway"))
        .env("REDMUX_STACK", modules.addr().to_string())
        .env("CHROMIUM", chromium);
    if !leg("a page with modules", &mut catalog, logs.path())? {
        failed.push("the page with modules");
    }
    Ok(failed)
}

/// Legs with a server and gateways of their own. They wait for time-outs rather than for the processor, so they run while
/// the others do.
struct Meanwhile {
    legs: Vec<(&'static str, JoinHandle<Result<Outcome>>)>,
    _server: RedisServer,
}

impl Meanwhile {
    fn start(node: &Path, chromium: &Path) -> Result<Self> {
        let server = RedisServerBuilder::default().program(tools::redis()?).start()?;
        let legs = [
            ("pages of other origins", "test/cross-site-check.mjs"),
            ("the life of a page", "test/life-check.mjs"),
        ];
        let legs = legs.map(|(what, file)| {
            let mut command = Command::new(node);
            command
                .current_dir(packages::dir(packages::WWW))
                .arg(file)
                .env("REDMUX_GATEWAY", crate::target_dir().join("debug/redmux-gateway"))
                .env("REDMUX_REDIS", server.addr().to_string())
                .env("CHROMIUM", chromium);
            let run = move || {
                let logs = TempDir::new()?;
                run_leg(&mut command, logs.path(), false)
            };
            (what, thread::spawn(run))
        });
        Ok(Self { legs: legs.into(), _server: server })
    }

    /// Waits for all legs and prints them. Returns those that failed.
    fn join(self) -> Result<Vec<&'static str>> {
        let mut failed = Vec::new();
        for (what, running) in self.legs {
            let outcome = running.join().map_err(|_| format!("{what}: the thread panicked"))??;
            println!("== {what}");
            print!("{}", outcome.output);
            if !outcome.print() {
                failed.push(what);
            }
        }
        Ok(failed)
    }
}

/// Runs the demo page and the package's own checks in Firefox and WebKitGTK.
fn other_engines(script: &dyn Fn() -> Command, stack: &Stack, logs: &Path) -> Result<bool> {
    // The checks delay the server with `DEBUG SLEEP`.
    let server = RedisServerBuilder::default()
        .program(tools::redis()?)
        .args(["--enable-debug-command", "yes"])
        .start()?;
    let mut passed = true;
    for engine in ["firefox", "webkit"] {
        stack.redis.try_restart()?;
        let mut demo = script();
        demo.env("ENGINE", engine);
        let mut checks = Command::new(tools::node()?);
        checks
            .current_dir(packages::dir(packages::WWW))
            .arg("test/engines/check.mjs")
            .env("ENGINE", engine)
            .env("REDMUX_GATEWAY", crate::target_dir().join("debug/redmux-gateway"))
            .env("REDMUX_REDIS", server.addr().to_string());
        for command in [&mut demo, &mut checks] {
            tools::browsers(command)?;
            passed &= leg("Firefox and WebKitGTK", command, logs)?;
        }
    }
    Ok(passed)
}

/// Runs a script that prints a line for each step. Returns whether every step passed.
pub(crate) fn leg(heading: &str, command: &mut Command, logs: &Path) -> Result<bool> {
    println!("== {heading}");
    Ok(run_leg(command, logs, true)?.print())
}

/// What a script printed of its steps, and how it ended.
struct Outcome {
    passed: usize,
    failed: usize,
    output: String,
    took: Duration,
    status: ExitStatus,
    command: String,
}

impl Outcome {
    /// Prints the number of steps. Returns whether every step passed.
    fn print(&self) -> bool {
        println!("   {} steps in {:.1} s", self.passed + self.failed, self.took.as_secs_f64());
        if self.status.success() && self.passed == 0 {
            println!("FAILED the script ended well but printed no step");
        } else if !self.status.success() && self.failed == 0 {
            println!("FAILED {} ({})", self.command, self.status);
        }
        self.status.success() && self.passed > 0 && self.failed == 0
    }
}

/// Runs a script; with `show`, its output is printed as it comes.
fn run_leg(command: &mut Command, logs: &Path, show: bool) -> Result<Outcome> {
    let before = Instant::now();
    let how = Logged { log: &logs.join("leg.log"), limit: LEG_LIMIT, show };
    let (status, output) = exec::run_logged(command, &how)?;
    let steps = |outcome: &str| {
        output.lines().filter(|line| line.split_whitespace().next() == Some(outcome)).count()
    };
    Ok(Outcome {
        passed: steps("ok"),
        failed: steps("FAILED"),
        took: before.elapsed(),
        status,
        command: exec::shown(command),
        output,
    })
}

/// Runs the example, which prints a result in each line.
fn example_leg(command: &mut Command, logs: &Path) -> Result<bool> {
    println!("== native example");
    let log = logs.join("example.log");
    let how = Logged { log: &log, limit: LEG_LIMIT, show: false };
    let (status, output) = exec::run_logged(command, &how)?;
    if !status.success() || output.trim().is_empty() {
        println!("FAILED {} ({status}):\n{}", exec::shown(command), exec::tail(&output, 60));
        return Ok(false);
    }
    for line in output.lines() {
        println!("ok {line}");
    }
    Ok(true)
}
