//! The writes that take more than one command, each in one piece on the server.
//!
//! The key is that of the document. The arguments:
//!
//! 1. `save`, `insert` or `update`
//! 2. where the version is; empty if there is none
//! 3. the version that the document is known to have
//! 4. the version that is written
//! 5. `PEXPIRE`, `PEXPIREAT`, `PERSIST`, or nothing
//! 6. the time of it
//! 7. the content: a text, or fields and their values

/// The script of one kind of storage: how it finds the stored version, how it writes all, and how it sets a version.
macro_rules! script {
    (look: $look:literal, write: $write:literal, number: $number:literal) => {
        concat!(
            "local key, mode, place, was, now = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]\n",
            "local there\n",
            "if mode == 'insert' then\n",
            "if redis.call('EXISTS', key) == 1 then return 0 end\n",
            "elseif place ~= '' then\n",
            $look,
            "end\n",
            "if mode == 'update' and there ~= was then\n",
            "return there and {0, there} or {-1, 0}\n",
            "end\n",
            $write,
            // What is saved unconditionally gets a version that nobody has seen.
            "if there and tonumber(there) >= tonumber(now) then\n",
            "now = string.format('%.0f', tonumber(there) + 1)\n",
            $number,
            "end\n",
            "if ARGV[5] == 'PERSIST' then redis.call('PERSIST', key)\n",
            "elseif ARGV[5] ~= '' then redis.call(ARGV[5], key, ARGV[6]) end\n",
            "if mode == 'insert' then return 1 end\n",
            "if mode == 'update' then return {1, now} end\n",
            "return place ~= '' and tonumber(now) or redis.status_reply('OK')",
        )
    };
}

pub(super) const JSON: &str = script! {
    look: "local found = redis.call('JSON.GET', key, place)\n\
        there = found and (string.match(found, '^%[(%d+)%]$') or '0')\n",
    write: "redis.call('JSON.SET', key, '$', ARGV[7])\n",
    number: "redis.call('JSON.SET', key, place, now)\n"
};

/// Fields that the document has no more go after the others are there, so that the key and its time to live stay.
pub(super) const HASH: &str = script! {
    look: "if redis.call('EXISTS', key) == 1 then\n\
        there = string.match(redis.call('HGET', key, place) or '', '^%d+$') or '0'\n\
        end\n",
    write: "local kept, gone = {}, {}\n\
        for i = 7, #ARGV, 2 do kept[ARGV[i]] = true end\n\
        redis.call('HSET', key, unpack(ARGV, 7))\n\
        for _, name in ipairs(redis.call('HKEYS', key)) do\n\
        if not kept[name] then gone[#gone + 1] = name end\n\
        end\n\
        if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end\n",
    number: "redis.call('HSET', key, place, now)\n"
};
