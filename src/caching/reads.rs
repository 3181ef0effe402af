/// The commands whose replies may be cached: they read one key, their first argument, and what
/// they say of it changes only when the key does.
const READS: &[&str] = &[
    "BITCOUNT",
    "BITFIELD_RO",
    "BITPOS",
    "EXISTS",
    "GEODIST",
    "GEOHASH",
    "GEOPOS",
    "GEOSEARCH",
    "GET",
    "GETBIT",
    "GETRANGE",
    "HEXISTS",
    "HGET",
    "HGETALL",
    "HKEYS",
    "HLEN",
    "HMGET",
    "HSTRLEN",
    "HVALS",
    "JSON.ARRINDEX",
    "JSON.ARRLEN",
    "JSON.GET",
    "JSON.OBJKEYS",
    "JSON.OBJLEN",
    "JSON.STRLEN",
    "JSON.TYPE",
    "LINDEX",
    "LLEN",
    "LPOS",
    "LRANGE",
    "SCARD",
    "SISMEMBER",
    "SMEMBERS",
    "SMISMEMBER",
    "STRLEN",
    "SUBSTR",
    "TYPE",
    "VCARD",
    "VDIM",
    "VEMB",
    "VGETATTR",
    "VISMEMBER",
    "VLINKS",
    "XLEN",
    "XRANGE",
    "XREVRANGE",
    "ZCARD",
    "ZCOUNT",
    "ZLEXCOUNT",
    "ZMSCORE",
    "ZRANGE",
    "ZRANGEBYLEX",
    "ZRANGEBYSCORE",
    "ZRANK",
    "ZREVRANGE",
    "ZREVRANGEBYLEX",
    "ZREVRANGEBYSCORE",
    "ZREVRANK",
    "ZSCORE",
];

/// Whether the reply to a command of this name, with `args` arguments, may be cached.
pub(crate) fn is_cacheable(name: &[u8], args: usize) -> bool {
    let mut upper = [0; 16];
    let Some(upper) = upper.get_mut(..name.len()) else { return false };
    upper.copy_from_slice(name);
    upper.make_ascii_uppercase();
    // `EXISTS` takes several keys; all others take one.
    let keys_are_one = args == 1 || (args > 1 && upper != b"EXISTS");
    keys_are_one && READS.binary_search_by(|read| read.as_bytes().cmp(upper)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_for_the_search() {
        assert!(READS.is_sorted());
    }

    #[test]
    fn only_reads_of_one_key_are_cached() {
        assert!(is_cacheable(b"GET", 1) && is_cacheable(b"get", 1) && is_cacheable(b"LRANGE", 3));
        assert!(is_cacheable(b"EXISTS", 1) && !is_cacheable(b"EXISTS", 2));
        for name in
            ["SET", "MGET", "TTL", "GETEX", "RANDOMKEY", "EVALSHA_RO", "", "GETRANGEGETRANGEX"]
        {
            assert!(!is_cacheable(name.as_bytes(), 1), "{name}");
        }
        assert!(!is_cacheable(b"GET", 0));
    }
}
