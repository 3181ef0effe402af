// The commands that are methods, in lower case as ioredis names them. Anything else goes through `call`.

const NAMES = `
acl append arcount ardel ardelrange arget argetrange argrep arinfo arinsert arlastitems arlen armget armset arnext arop
arring arscan arseek arset asking auth backup bgrewriteaof bgsave bitcount bitfield bitfield_ro bitop bitpos blmove blmovem
blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin client cluster command config copy dbsize debug decr decrby del delex
digest discard dump echo eval eval_ro evalsha evalsha_ro exec exists expire expireat expiretime failover fcall fcall_ro
flushall flushdb function geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro
geosearch geosearchstore get getbit getdel getex getrange getset hdel hello hexists hexpire hexpireat hexpiretime hget
hgetall hgetdel hgetex himport hincrby hincrbyfloat hkeys hlen hmget hmset hotkeys hpersist hpexpire hpexpireat hpexpiretime
hpttl hrandfield hscan hset hsetex hsetnx hstrlen httl hvals incr incrby incrbyfloat increx info keys lastsave latency lcs
lindex linsert llen lmove lmovem lmpop lolwut lpop lpos lpush lpushx lrange lrem lset ltrim memory mget migrate module move
mset msetex msetnx multi object persist pexpire pexpireat pexpiretime pfadd pfcount pfdebug pfmerge pfselftest ping psetex
psubscribe psync pttl publish pubsub punsubscribe quit randomkey readonly readwrite rename renamenx replconf replicaof reset
restore restore-asking role rpop rpoplpush rpush rpushx sadd save scan scard script sdiff sdiffcard sdiffstore select
sentinel set setbit setex setnx setrange shutdown sinter sintercard sinterstore sismember slaveof slowlog smembers smismember
smove sort sort_ro spop spublish srandmember srem sscan ssubscribe strlen subscribe substr sunion sunioncard sunionstore
sunsubscribe swapdb sync time touch trimslots ttl type unlink unsubscribe unwatch vadd vcard vdim vemb vgetattr vinfo
vismember vlinks vrandmember vrange vrem vsetattr vsim wait waitaof watch xack xackdel xadd xautoclaim xcfgset xclaim xdel
xdelex xgroup xidmprecord xinfo xlen xnack xpending xrange xread xreadgroup xrevrange xsetid xtrim zadd zcard zcount zdiff
zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop zmscore zpopmax zpopmin zrandmember zrange zrangebylex
zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore zrevrange zrevrangebylex
zrevrangebyscore zrevrank zscan zscore zunion zunionstore`;

/** @type {readonly string[]} */
export const COMMANDS = Object.freeze(NAMES.trim().split(/\s+/));

/** @type {Map<string, string>} */
const upper = new Map(COMMANDS.map((name) => [name, name.toUpperCase()]));

/** The name as the client knows it; other names are sent as they are. @param {string} name */
export function wireName(name) {
  return upper.get(name) ?? upper.get(name.toLowerCase()) ?? name;
}

/**
 * Commands that may wait for data; XREAD and XREADGROUP only with BLOCK.
 * @type {ReadonlySet<string>}
 */
const BLOCKING = new Set("BLMOVE BLMOVEM BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN WAIT WAITAOF".split(" "));

/** Whether it waits for replicas or files to have what was written. @param {string} name */
export function isAcknowledgement(name) {
  return name === "WAIT" || name === "WAITAOF";
}

/** Whether the server may let this command wait. @param {string} name @param {readonly unknown[]} words */
export function isBlocking(name, words) {
  if (BLOCKING.has(name)) return true;
  if (name !== "XREAD" && name !== "XREADGROUP") return false;
  for (const word of words) {
    const text = String(word).toUpperCase();
    if (text === "BLOCK") return true;
    // Names of streams follow.
    if (text === "STREAMS") return false;
  }
  return false;
}
