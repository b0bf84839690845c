//! Connects to one of a server's addresses, or says why it cannot be reached.

use std::net::SocketAddr;
use std::thread;
use std::time::Instant;

use crate::codes;
use crate::net::{self, ConnectError, DnsError, Tcp};

use super::step::Problem;

/// How many addresses of one name are tried.
const MOST_ADDRESSES: usize = 16;

/// The problem for a host name that could not be resolved.
pub fn unresolved(error: &DnsError) -> Problem {
    match error {
        DnsError::NoSuchName => Problem::new(codes::NAME_NOT_FOUND),
        DnsError::NoRecord => Problem::new(codes::NAME_HAS_NO_ADDRESS),
        DnsError::TimedOut => Problem::new(codes::DNS_TIMEOUT),
        DnsError::Failed(why) => {
            Problem::with(codes::DNS_FAILED, format!("DNS could not answer: {why}"))
        }
    }
}

/// A connection, and the addresses that failed.
pub type ConnectResult = (Tcp, Vec<(SocketAddr, ConnectError)>);

/// Connects to all addresses at once. Uses the first in the order of DNS that answers, and returns
/// it as text too.
pub fn connect(
    addresses: &[SocketAddr],
    deadline: Instant,
) -> Result<(ConnectResult, String), Problem> {
    let mut tried: Vec<(SocketAddr, Result<Tcp, ConnectError>)> = match addresses {
        [one] => vec![(*one, net::connect(*one, deadline))],
        many => thread::scope(|scope| {
            let threads: Vec<_> = many
                .iter()
                .take(MOST_ADDRESSES)
                .map(|a| (*a, scope.spawn(move || net::connect(*a, deadline))))
                .collect();
            let join = |(a, thread): (SocketAddr, thread::ScopedJoinHandle<'_, _>)| {
                (a, thread.join().expect("connecting does not panic"))
            };
            threads.into_iter().map(join).collect()
        }),
    };
    let Some(first) = tried.iter().position(|(_, result)| result.is_ok()) else {
        let failed: Vec<_> =
            tried.into_iter().filter_map(|(a, result)| Some((a, result.err()?))).collect();
        return Err(unreachable(&failed));
    };
    let (address, tcp) = tried.swap_remove(first);
    let failures = tried.into_iter().filter_map(|(a, result)| Some((a, result.err()?))).collect();
    Ok(((tcp.expect("it is the one that answers"), failures), address.to_string()))
}

/// The problem of the address that got furthest: a refusal is more than silence.
pub fn unreachable(tried: &[(SocketAddr, ConnectError)]) -> Problem {
    let rank = |error: &ConnectError| match error {
        ConnectError::Refused => 0,
        ConnectError::Other(_) => 1,
        ConnectError::TimedOut => 2,
        ConnectError::NoRoute(_) => 3,
    };
    let Some((_, worst)) = tried.iter().min_by_key(|(_, error)| rank(error)) else {
        return Problem::new(codes::CONNECTION_FAILED);
    };
    let list: Vec<_> = tried.iter().map(|(address, error)| format!("{address}: {error}")).collect();
    let mut problem = Problem::with(
        match worst {
            ConnectError::Refused => codes::CONNECTION_REFUSED,
            ConnectError::TimedOut => codes::CONNECT_TIMEOUT,
            ConnectError::NoRoute(_) => codes::NO_ROUTE,
            ConnectError::Other(_) => codes::CONNECTION_FAILED,
        },
        list.join("; "),
    );
    if problem.code == codes::NO_ROUTE && tried.iter().all(|(address, _)| address.is_ipv6()) {
        problem = problem.help(
            "The name has only IPv6 addresses and this machine has no way there: give the server \
             an A record too, or test from a network with IPv6.",
        );
    }
    problem
}
