//! Which replies may be cached.

use crate::resp::Arg;

/// The commands whose replies may be cached: they read one key, their first argument, and what
/// they say of it changes only when the key does.
///
/// Not among them: `JSON.MGET`, of whose keys RedisJSON has only the first watched; all of count-min sketches, whose
/// increments RedisBloom 2.8 does not announce; `TS.INFO`, after which its own key is announced; `TOPK.COUNT`, which it declares a write; searches, which no server announces.
const READS: &[&str] = &[
    #[cfg(feature = "full")]
    "BF.CARD",
    #[cfg(feature = "full")]
    "BF.EXISTS",
    #[cfg(feature = "full")]
    "BF.INFO",
    #[cfg(feature = "full")]
    "BF.MEXISTS",
    "BITCOUNT",
    "BITFIELD_RO",
    "BITPOS",
    #[cfg(feature = "full")]
    "CF.COUNT",
    #[cfg(feature = "full")]
    "CF.EXISTS",
    #[cfg(feature = "full")]
    "CF.MEXISTS",
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
    #[cfg(feature = "full")]
    "JSON.RESP",
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
    #[cfg(feature = "full")]
    "TDIGEST.BYRANK",
    #[cfg(feature = "full")]
    "TDIGEST.BYREVRANK",
    #[cfg(feature = "full")]
    "TDIGEST.CDF",
    #[cfg(feature = "full")]
    "TDIGEST.INFO",
    #[cfg(feature = "full")]
    "TDIGEST.MAX",
    #[cfg(feature = "full")]
    "TDIGEST.MIN",
    #[cfg(feature = "full")]
    "TDIGEST.QUANTILE",
    #[cfg(feature = "full")]
    "TDIGEST.RANK",
    #[cfg(feature = "full")]
    "TDIGEST.REVRANK",
    #[cfg(feature = "full")]
    "TDIGEST.TRIMMED_MEAN",
    #[cfg(feature = "full")]
    "TOPK.INFO",
    #[cfg(feature = "full")]
    "TOPK.LIST",
    #[cfg(feature = "full")]
    "TOPK.QUERY",
    #[cfg(feature = "full")]
    "TS.GET",
    #[cfg(feature = "full")]
    "TS.RANGE",
    #[cfg(feature = "full")]
    "TS.REVRANGE",
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

/// Whether the reply to the command that these words are may be cached.
pub(crate) fn is_cacheable(words: &[Arg<'_>]) -> bool {
    let [name, _, rest @ ..] = words else { return false };
    let (name, mut upper) = (name.as_bytes(), [0; 24]);
    let Some(upper) = upper.get_mut(..name.len()) else { return false };
    upper.copy_from_slice(name);
    upper.make_ascii_uppercase();
    // `EXISTS` takes several keys; all others take one.
    let keys_are_one = rest.is_empty() || upper != b"EXISTS";
    let is_read = READS.binary_search_by(|read| read.as_bytes().cmp(upper)).is_ok();
    keys_are_one && is_read && !asks_for_latest(upper, rest)
}

/// Whether the reply has a sample that is not yet in the key: nothing announces its changes.
#[cfg(feature = "full")]
fn asks_for_latest(name: &[u8], options: &[Arg<'_>]) -> bool {
    let is_latest = |word: &Arg<'_>| word.as_bytes().eq_ignore_ascii_case(b"LATEST");
    name.starts_with(b"TS.") && options.iter().any(is_latest)
}

#[cfg(not(feature = "full"))]
fn asks_for_latest(_: &[u8], _: &[Arg<'_>]) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_for_the_search() {
        assert!(READS.is_sorted());
    }

    fn cacheable(line: &str) -> bool {
        let words: Vec<Arg<'_>> = line.split(' ').map(|word| Arg::Bytes(word.as_bytes())).collect();
        is_cacheable(&words)
    }

    #[test]
    fn only_reads_of_one_key_are_cached() {
        for line in ["GET k", "get k", "LRANGE k 0 1", "EXISTS k", "JSON.GET k $"] {
            assert!(cacheable(line), "{line}");
        }
        for line in [
            "EXISTS k l",
            "SET k",
            "MGET k",
            "TTL k",
            "GETEX k",
            "RANDOMKEY k",
            "EVALSHA_RO k",
            " k",
            " ",
            "GETRANGEGETRANGEX k",
            "GETRANGEGETRANGEGETRANGEX k",
            "GET",
            "JSON.MGET k $",
            "CMS.QUERY k a",
            "FT.SEARCH i *",
        ] {
            assert!(!cacheable(line), "{line}");
        }
    }

    #[cfg(feature = "full")]
    #[test]
    fn what_is_not_yet_in_a_series_is_not_cached() {
        assert!(cacheable("TS.GET t") && cacheable("ts.range t - + COUNT 5"));
        assert!(!cacheable("TS.GET t latest") && !cacheable("TS.REVRANGE t - + LATEST COUNT 5"));
        assert!(cacheable("TDIGEST.TRIMMED_MEAN t 0.1 0.9") && cacheable("BF.EXISTS b LATEST"));
    }
}
