//! Scripts by their digest, with positional or named parameters.

mod names;

use std::{fmt, sync::Arc, time::Duration};

use sha1::{Digest, Sha1};

use self::names::{Names, Place};
use super::{Counted, Database, Join, checks::Fault};
use crate::{
    Call, Error, Result,
    resp::{Arg, ArgList, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

pub use names::ScriptError;

/// A Lua script that is sent by its digest, and in full only to a server that does not know it
///
/// Cheap to clone. Positional parameters are `KEYS[n]` and `ARGV[n]`, as Redis has them:
///
/// ```no_run
/// # async fn f(db: redmux::Database) -> redmux::Result<()> {
/// use redmux::database::scripting::Script;
///
/// let add = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
/// let sum: i64 = db.script(&add).key("n").arg(5).run().await?;
/// # Ok(())
/// # }
/// ```
///
/// With [`named`](Self::named), a script says `@name` instead, and takes parameters by name:
///
/// ```no_run
/// # async fn f(db: redmux::Database) -> redmux::Result<()> {
/// use redmux::database::scripting::Script;
/// use std::sync::LazyLock;
///
/// static SET_IF_LARGER: LazyLock<Script> = LazyLock::new(|| {
///     let text = "local old = tonumber(redis.call('GET', @key) or '-inf')
///         if tonumber(@value) <= old then return 0 end
///         redis.call('SET', @key, @value)
///         return 1";
///     Script::named(text, ["key"]).expect("the script is well-formed")
/// });
///
/// let call = db.script(&SET_IF_LARGER).with("key", "best").with("value", 17.5);
/// let larger: bool = call.run().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Script(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    text: String,
    digest: String,
    read_only: bool,
    /// Of a script with named parameters.
    names: Option<Names>,
}

impl Script {
    /// A script with positional parameters, `KEYS[n]` and `ARGV[n]`.
    pub fn new(text: impl Into<String>) -> Self {
        Self::make(text.into(), None)
    }

    /// A script with named parameters: `keys` are the names of keys, all others are arguments.
    ///
    /// `@name` becomes `KEYS[n]` or `ARGV[n]`, once and here; a name is letters, digits and
    /// underscores, and does not start with a digit. Strings and comments stay as they are; nothing
    /// needs an escape, since Lua itself has no `@`. As always in Lua scripts, each parameter is a
    /// string.
    ///
    /// # Errors
    ///
    /// If the text has an `@` without a name, or a key does not occur in it or is given twice.
    pub fn named<'k>(
        text: &str,
        keys: impl IntoIterator<Item = &'k str>,
    ) -> std::result::Result<Self, ScriptError> {
        let (text, names) = Names::parse(text, keys)?;
        Ok(Self::make(text, Some(names)))
    }

    fn make(text: String, names: Option<Names>) -> Self {
        let digest = Sha1::digest(text.as_bytes());
        let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(Arc::new(Inner { text, digest, read_only: false, names }))
    }

    /// The same script, declared read-only (`EVALSHA_RO`): the server refuses its writes, and
    /// replicas run it. Since Redis 7.0.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        Arc::make_mut(&mut self.0).read_only = true;
        self
    }

    /// The text as it is sent.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The SHA-1 digest of the text, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The commands for the digest and for the text.
    fn commands(&self) -> (&'static str, &'static str) {
        match self.0.read_only {
            false => ("EVALSHA", "EVAL"),
            true => ("EVALSHA_RO", "EVAL_RO"),
        }
    }
}

/// Prints the digest and the length of the text.
impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("digest", &self.digest())
            .field("len", &self.text().len())
            .field("read_only", &self.0.read_only)
            .finish()
    }
}

impl Database {
    /// Prepares a run of a script
    ///
    /// Give it keys and arguments, then [`run`](ScriptRun::run) it.
    pub fn script<'a>(&'a self, script: &'a Script) -> ScriptRun<'a> {
        let (keys, args) = script.0.names.as_ref().map_or((0, 0), Names::counts);
        ScriptRun {
            db: self,
            script,
            keys: vec![None; keys],
            args: vec![None; args],
            fault: None,
            timeout: None,
        }
    }
}

/// A script with its keys and arguments
///
/// Made by [`Database::script`].
#[must_use = "nothing runs before `run` is awaited"]
#[derive(Debug)]
pub struct ScriptRun<'a> {
    db: &'a Database,
    script: &'a Script,
    /// For named parameters, those not given yet are `None`.
    keys: Vec<Option<Arg<'static>>>,
    args: Vec<Option<Arg<'static>>>,
    fault: Fault,
    timeout: Option<Duration>,
}

impl ScriptRun<'_> {
    /// One more key, `KEYS[n]`.
    pub fn key(self, key: impl ToArg) -> Self {
        self.keys((key,))
    }

    /// More keys.
    pub fn keys(mut self, keys: impl ToArgs) -> Self {
        self.refuse_positions();
        extend(&mut self.keys, &keys);
        self
    }

    /// One more argument, `ARGV[n]`.
    pub fn arg(self, value: impl ToArg) -> Self {
        self.args((value,))
    }

    /// More arguments.
    pub fn args(mut self, values: impl ToArgs) -> Self {
        self.refuse_positions();
        extend(&mut self.args, &values);
        self
    }

    /// The parameter `@name`, key or argument.
    pub fn with(mut self, name: &str, value: impl ToArg) -> Self {
        let names = self.script.0.names.as_ref();
        let place = match names.and_then(|names| names.find(name)) {
            Some(Place::Key(index)) => self.keys.get_mut(index),
            Some(Place::Arg(index)) => self.args.get_mut(index),
            None => None,
        };
        let fault = match place {
            Some(place @ None) => {
                *place = Some(value.to_arg().into_owned());
                return self;
            }
            Some(Some(_)) => format!("the parameter `{name}` is given twice"),
            None if names.is_none() => {
                format!("the script has no named parameters, but `{name}` is given")
            }
            None => format!("the script has no parameter `{name}`"),
        };
        self.fault.get_or_insert(fault);
        self
    }

    /// Gives each command this time, instead of the `command_timeout` of the options.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Runs the script and decodes what it returns.
    ///
    /// Sends the digest (`EVALSHA`); if the server answers `NOSCRIPT`, sends the full text
    /// (`EVAL`), which the server then knows. The script does not run twice: a command that gets
    /// `NOSCRIPT` has run nothing.
    ///
    /// # Errors
    ///
    /// Nothing is sent if a named parameter is missing, unknown or given twice.
    pub async fn run<T: FromReply>(self) -> Result<T> {
        let (by_digest, in_full) = self.script.commands();
        let fault = self.fault.clone().or_else(|| self.missing());
        if let Some(fault) = fault {
            return Err(Error::rejected(by_digest, fault));
        }
        match self.evaluate(by_digest, self.script.digest()).await? {
            Evaluated::Done(value) => Ok(value),
            Evaluated::Unknown => self.evaluate(in_full, self.script.text()).await,
        }
    }

    fn evaluate<'s, T: FromReply>(
        &'s self,
        command: &'static str,
        script: &'s str,
    ) -> Call<'s, T, impl ToArgs + use<'s, T>> {
        let parameters = Counted::new(Given(&self.keys), Given(&self.args));
        let call = self.db.call(command, Join((script,), parameters));
        match self.timeout {
            Some(timeout) => call.timeout(timeout),
            None => call,
        }
    }

    fn refuse_positions(&mut self) {
        if self.script.0.names.is_some() {
            self.fault.get_or_insert_with(|| {
                "the script has named parameters: give them with `with`".to_owned()
            });
        }
    }

    fn missing(&self) -> Fault {
        let names = self.script.0.names.as_ref()?;
        let index = |given: &[Option<_>]| given.iter().position(Option::is_none);
        let place =
            index(&self.keys).map(Place::Key).or_else(|| index(&self.args).map(Place::Arg))?;
        Some(format!("the parameter `{}` is not given", names.name(place)))
    }
}

/// What a script returned, or that the server does not know the script
enum Evaluated<T> {
    Done(T),
    Unknown,
}

impl<T: FromReply> FromReply for Evaluated<T> {
    fn from_reply(reply: Reply<'_>) -> std::result::Result<Self, ReplyError> {
        // Before the type is asked, which may have a place for errors.
        if reply.error().is_some_and(|error| error.code() == "NOSCRIPT") {
            return Ok(Self::Unknown);
        }
        reply.decode().map(Self::Done)
    }
}

/// The parameters that were given
struct Given<'a>(&'a [Option<Arg<'static>>]);

impl ToArgs for Given<'_> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend(self.0.iter().flatten().map(ToArg::to_arg));
    }
}

fn extend(places: &mut Vec<Option<Arg<'static>>>, values: &impl ToArgs) {
    let mut list = ArgList::new();
    values.append_to(&mut list);
    places.extend(list.into_iter().map(|arg| Some(arg.into_owned())));
}
