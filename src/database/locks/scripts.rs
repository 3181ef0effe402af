//! The steps of a lock that the server runs in one piece.

use std::sync::LazyLock;

use crate::database::scripting::Script;

/// Keys: the lock and the last fencing token. Arguments: the holder's token, milliseconds.
pub(super) static TAKE_FENCED: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then \
         return redis.call('INCR', KEYS[2]) end return false",
    )
});

/// Keys: the lock. Arguments: the holder's token, milliseconds.
pub(super) static EXTEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) == ARGV[1] then \
         return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0",
    )
});

/// Keys: the lock. Arguments: the holder's token.
pub(super) static RELEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) == ARGV[1] then \
         return redis.call('DEL', KEYS[1]) end return 0",
    )
});

/// Keys: the lock.
pub(super) static HOLDER: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local token = redis.call('GET', KEYS[1]) if not token then return false end \
         return {token, redis.call('PTTL', KEYS[1])}",
    )
});
