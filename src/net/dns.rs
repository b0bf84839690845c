//! DNS queries, each with a deadline.
//!
//! The program sends queries itself instead of using the C library, which can neither keep a
//! deadline nor distinguish "there is no such name" from "the name server does not answer". The
//! hosts file is used as well.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError as AnswerError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, RecordType};
use tokio::runtime::Runtime;

use super::Error;

/// How long one query waits for one name server before it is repeated.
const PATIENCE: Duration = Duration::from_secs(3);

/// A resolver whose methods block until the answer or the deadline.
pub struct Dns {
    runtime: Runtime,
    resolver: TokioResolver,
}

/// Why a DNS query has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    #[error("there is no such name")]
    NoSuchName,
    #[error("the name has no record of that kind")]
    NoRecord,
    #[error("the name server did not answer in time")]
    TimedOut,
    #[error("{0}")]
    Failed(String),
}

/// One SRV record: where a service runs (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    /// Without the trailing dot. Empty means that the service is not offered.
    pub target: String,
}

impl Dns {
    /// Uses `server`, if given, instead of the system's name servers.
    ///
    /// # Errors
    ///
    /// Fails if the system's resolver configuration cannot be read.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("dns")
            .enable_io()
            .enable_time()
            .build()
            .map_err(|e| Error::Dns(e.to_string()))?;
        let resolver = {
            let _inside = runtime.enter();
            resolver(server, ResolverOpts::default().cache_size)?
        };
        Ok(Self { runtime, resolver })
    }

    /// IPv4 and IPv6 addresses (A and AAAA), also behind CNAMEs; never empty.
    pub fn addresses(&self, name: &str, deadline: Instant) -> Result<Vec<IpAddr>, DnsError> {
        let addresses: Vec<IpAddr> =
            self.wait(deadline, self.resolver.lookup_ip(absolute(name)))?.iter().collect();
        if addresses.is_empty() { Err(DnsError::NoRecord) } else { Ok(addresses) }
    }

    /// SRV records, best first: by priority, then by weight.
    pub fn srv(&self, name: &str, deadline: Instant) -> Result<Vec<Srv>, DnsError> {
        let mut found = self.records(name, RecordType::SRV, deadline, |data| match data {
            RData::SRV(srv) => Some(Srv {
                priority: srv.priority,
                weight: srv.weight,
                port: srv.port,
                target: relative(&srv.target.to_utf8()),
            }),
            _ => None,
        })?;
        found.sort_by_key(|srv| (srv.priority, u16::MAX - srv.weight));
        Ok(found)
    }

    /// Host names of the mail exchangers (MX), best first.
    pub fn mx(&self, name: &str, deadline: Instant) -> Result<Vec<String>, DnsError> {
        let mut found = self.records(name, RecordType::MX, deadline, |data| match data {
            RData::MX(mx) => Some((mx.preference, relative(&mx.exchange.to_utf8()))),
            _ => None,
        })?;
        found.sort();
        Ok(found.into_iter().map(|(_, name)| name).collect())
    }

    /// The target of a name's CNAME record.
    pub fn cname(&self, name: &str, deadline: Instant) -> Result<String, DnsError> {
        let found = self.records(name, RecordType::CNAME, deadline, |data| match data {
            RData::CNAME(cname) => Some(relative(&cname.0.to_utf8())),
            _ => None,
        })?;
        found.into_iter().next().ok_or(DnsError::NoRecord)
    }

    /// TXT records, the strings of each joined.
    pub fn txt(&self, name: &str, deadline: Instant) -> Result<Vec<String>, DnsError> {
        self.records(name, RecordType::TXT, deadline, |data| match data {
            RData::TXT(txt) => Some(
                txt.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect::<String>(),
            ),
            _ => None,
        })
    }

    fn records<T>(
        &self,
        name: &str,
        kind: RecordType,
        deadline: Instant,
        take: impl Fn(&RData) -> Option<T>,
    ) -> Result<Vec<T>, DnsError> {
        let lookup = self.wait(deadline, self.resolver.lookup(absolute(name), kind))?;
        let found: Vec<T> =
            lookup.answers().iter().filter_map(|record| take(&record.data)).collect();
        if found.is_empty() { Err(DnsError::NoRecord) } else { Ok(found) }
    }

    fn wait<T>(
        &self,
        deadline: Instant,
        question: impl Future<Output = Result<T, NetError>>,
    ) -> Result<T, DnsError> {
        self.runtime.block_on(async {
            match tokio::time::timeout_at(deadline.into(), question).await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(error)) => Err(why(&error)),
                Err(_) => Err(DnsError::TimedOut),
            }
        })
    }
}

/// A resolver for asynchronous callers, who keep the deadline themselves. It caches nothing, since
/// it is asked whether a record has changed.
#[cfg(feature = "acme")]
pub struct AsyncDns(TokioResolver);

#[cfg(feature = "acme")]
impl AsyncDns {
    /// Like [`Dns::new`], inside a Tokio runtime.
    ///
    /// # Errors
    ///
    /// Fails if the system's resolver configuration cannot be read.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, Error> {
        resolver(server, 0).map(Self)
    }

    /// Like [`Dns::addresses`].
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
        let found = self.0.lookup_ip(absolute(name)).await.map_err(|error| why(&error))?;
        let addresses: Vec<IpAddr> = found.iter().collect();
        if addresses.is_empty() { Err(DnsError::NoRecord) } else { Ok(addresses) }
    }
}

/// Only inside a Tokio runtime.
fn resolver(server: Option<SocketAddr>, cache_size: u64) -> Result<TokioResolver, Error> {
    let failed = |why: NetError| Error::Dns(why.to_string());
    let mut builder = match server {
        Some(server) => {
            let mut one = NameServerConfig::udp_and_tcp(server.ip());
            for connection in &mut one.connections {
                connection.port = server.port();
            }
            let config = ResolverConfig::from_name_servers(vec![one]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
        None => TokioResolver::builder_tokio().map_err(failed)?,
    };
    let options = builder.options_mut();
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.timeout = PATIENCE;
    options.attempts = 2;
    options.cache_size = cache_size;
    builder.build().map_err(failed)
}

fn why(error: &NetError) -> DnsError {
    match error {
        NetError::Timeout => DnsError::TimedOut,
        NetError::Dns(AnswerError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => DnsError::NoSuchName,
            ResponseCode::NoError => DnsError::NoRecord,
            other => DnsError::Failed(format!("the name server answers {other}")),
        },
        other => DnsError::Failed(other.to_string()),
    }
}

/// The name with a trailing dot, so that the resolver tries no search list.
fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

fn relative(name: &str) -> String {
    name.trim_end_matches('.').to_owned()
}
