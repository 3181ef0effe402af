//! Which of several servers is the primary, by what they say of themselves.
//!
//! Servers without sentinels and without a cluster know nothing of each other's failovers. One that was replaced while
//! it was away says that it is a primary when it comes back. So the words of its replicas count more than its own.

use redmux_transport::Endpoint;

use super::sentinel::RoleSaid;

/// What comes of comparing
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Elected {
    /// This one, by its place among the servers.
    One(usize),
    /// These say that they are primaries, and nothing decides between them.
    Several(Vec<usize>),
    /// All of them are replicas, or say nothing.
    Nobody,
}

/// Chooses the primary among servers, of which each has said this, or nothing; `incumbent` is the primary so far.
pub(crate) fn elect(
    servers: &[(Endpoint, Option<RoleSaid>)],
    incumbent: Option<&Endpoint>,
) -> Elected {
    let followers = |primary: &Endpoint| {
        let follows = |said: &&(Endpoint, Option<RoleSaid>)| matches!(&said.1, Some(RoleSaid::Replica { of: Some(of) }) if of == primary);
        servers.iter().filter(follows).count()
    };
    let claims = servers.iter().enumerate().filter_map(|(place, (at, said))| match said {
        Some(RoleSaid::Primary { replicas }) => {
            // Those that follow it by their own word, then those that it says it has.
            Some((place, (followers(at), replicas.len())))
        }
        _ => None,
    });
    let claims: Vec<(usize, (usize, usize))> = claims.collect();
    let Some(most) = claims.iter().map(|(_, score)| *score).max() else { return Elected::Nobody };
    let best: Vec<usize> =
        claims.iter().filter(|(_, score)| *score == most).map(|(place, _)| *place).collect();
    let is_incumbent = |place: &&usize| Some(&servers[**place].0) == incumbent;
    match best.as_slice() {
        [one] => Elected::One(*one),
        _ => match best.iter().find(is_incumbent) {
            Some(one) => Elected::One(*one),
            None => Elected::Several(best),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> Endpoint {
        Endpoint::tcp("h", port)
    }

    fn primary(replicas: &[u16]) -> Option<RoleSaid> {
        Some(RoleSaid::Primary { replicas: replicas.iter().map(|port| at(*port)).collect() })
    }

    fn replica(of: u16) -> Option<RoleSaid> {
        Some(RoleSaid::Replica { of: Some(at(of)) })
    }

    fn elected(servers: &[(u16, Option<RoleSaid>)], incumbent: Option<u16>) -> Elected {
        let servers: Vec<_> =
            servers.iter().map(|(port, said)| (at(*port), said.clone())).collect();
        elect(&servers, incumbent.map(at).as_ref())
    }

    #[test]
    fn the_only_one_that_says_so_is_the_primary() {
        let servers = [(1, replica(2)), (2, primary(&[1])), (3, None)];
        assert_eq!(elected(&servers, None), Elected::One(1));
        assert_eq!(elected(&servers, Some(1)), Elected::One(1), "another one was it before");
        let alone = [(1, primary(&[])), (2, None)];
        assert_eq!(elected(&alone, None), Elected::One(0));
    }

    #[test]
    fn one_that_comes_back_is_outvoted_by_those_that_follow_another() {
        let servers = [(1, primary(&[])), (2, primary(&[3])), (3, replica(2))];
        assert_eq!(elected(&servers, Some(1)), Elected::One(1));
        // Even where its own replicas have not noticed: more of them count.
        let servers = [(1, primary(&[3, 4, 5])), (2, primary(&[3])), (3, replica(2)), (4, None)];
        assert_eq!(elected(&servers, None), Elected::One(1));
        // Their addresses may be other ones than those that are used here.
        let servers = [(1, primary(&[])), (2, primary(&[9])), (3, replica(77))];
        assert_eq!(elected(&servers, None), Elected::One(1));
    }

    #[test]
    fn between_equals_the_one_in_use_stays_and_otherwise_nobody_is_chosen() {
        let servers = [(1, primary(&[])), (2, primary(&[]))];
        assert_eq!(elected(&servers, Some(2)), Elected::One(1));
        assert_eq!(elected(&servers, None), Elected::Several(vec![0, 1]));
        assert_eq!(elected(&servers, Some(3)), Elected::Several(vec![0, 1]));
    }

    #[test]
    fn where_all_are_replicas_or_silent_there_is_none() {
        assert_eq!(elected(&[(1, replica(2)), (2, None)], None), Elected::Nobody);
        assert_eq!(elected(&[(1, Some(RoleSaid::Sentinel))], None), Elected::Nobody);
        assert_eq!(elected(&[], None), Elected::Nobody);
    }
}
