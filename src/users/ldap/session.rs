//! One connection to a directory: TLS, sign-in, and a search page by page.
//!
//! Only this session is asynchronous. It holds the library's connection itself, because only that
//! knows why it ended.

use std::future::Future;
use std::io::{self, Write};
use std::pin::pin;
use std::time::{Duration, Instant};

use ldap3::adapters::PagedResults;
use ldap3::{Ldap, LdapError, LdapResult, SearchEntry, parse_filter};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::catch_panic::catch_panic;
use super::entry::LdapEntry;
use super::preset::{ACTIVE_DIRECTORY, AttributeMap, OPENLDAP, Preset};
use super::words::{self, LdapOperation, LdapRequest};
use super::{BindMethod, Directory, DirectorySummary, Error, SearchScope};
use crate::net::Net;

/// Entries per page. Active Directory returns at most 1000, OpenLDAP its size limit, usually 500.
const PAGE: i32 = 500;
/// How often a wait checks its deadline and `stop`.
const PAUSE: Duration = Duration::from_millis(100);
/// Attributes in which a server describes itself (RFC 4512 §5.1).
const ABOUT: [&str; 3] = ["supportedCapabilities", "namingContexts", "defaultNamingContext"];
/// LDAP_CAP_ACTIVE_DIRECTORY_OID (MS-ADTS 3.1.1.3.4.3.1).
const IS_ACTIVE_DIRECTORY: &str = "1.2.840.113556.1.4.800";

pub(super) fn read(
    directory: Directory<'_>,
    net: &Net,
    out: &mut (dyn Write + Send),
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<DirectorySummary, Error> {
    if let Some(filter) = &directory.url.filter
        && parse_filter(filter).is_err()
    {
        let filter = filter.escape_debug();
        let why = format!(
            "the filter {filter} cannot be read (RFC 4515); it looks like \
             (&(objectClass=inetOrgPerson)(mail=*)), each part in parentheses"
        );
        return Err(Error::Request(why));
    }
    // Reports mistakes before connecting. Any preset will do, because each has an address.
    AttributeMap::of(
        directory.preset.unwrap_or(&OPENLDAP),
        &directory.url.attributes,
        directory.columns,
    )
    .map_err(Error::Request)?;
    let place = directory.url.server.to_string();
    catch_panic(|| {
        let mut session = LdapSession {
            directory,
            place: place.clone(),
            stop,
            entries: 0,
            signed_in: false,
            heard: false,
            shown: false,
        };
        session.read(net, out)
    })
    .unwrap_or_else(|| Err(not_ldap(&place)))
}

pub(super) struct LdapSession<'a> {
    pub(super) directory: Directory<'a>,
    place: String,
    stop: &'a (dyn Fn() -> bool + Sync),
    entries: u64,
    signed_in: bool,
    /// Whether the directory has answered anything yet.
    heard: bool,
    /// Whether it was shown a client certificate, or could not be shown one.
    pub(super) shown: bool,
}

/// What a directory says about itself.
#[derive(Default)]
struct RootDse {
    is_active_directory: bool,
    contexts: Vec<String>,
    /// Only Active Directory has a default.
    default: Option<String>,
}

impl LdapSession<'_> {
    fn read(&mut self, net: &Net, out: &mut dyn Write) -> Result<DirectorySummary, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| self.failed(e.to_string()))?;
        let (stream, tls) = self.connect(net)?;
        runtime.block_on(async {
            let mut line = self.open(stream, tls).await?;
            let result = self.talk(&mut line, out).await;
            if result.is_ok() {
                // The reading is complete, so it does not matter whether the directory receives
                // this.
                let _ = timeout(PAUSE, line.ldap.unbind()).await;
            }
            result
        })
    }

    async fn talk(
        &mut self,
        line: &mut LdapConnection,
        out: &mut dyn Write,
    ) -> Result<DirectorySummary, Error> {
        self.sign_in(line).await?;
        let url = self.directory.url;
        let mut found = DirectorySummary::default();
        let about = match self.directory.preset.is_none() || url.base.is_empty() {
            true => self.about(line).await?,
            false => RootDse::default(),
        };
        let preset = self.directory.preset.unwrap_or_else(|| {
            let preset = if about.is_active_directory { &ACTIVE_DIRECTORY } else { &OPENLDAP };
            found.notes.push(format!(
                "{}: taken for {}; --ldap-preset says otherwise",
                self.place, preset.title
            ));
            preset
        });
        let base = match url.base.is_empty() {
            true => self.base(about)?,
            false => url.base.clone(),
        };
        if !url.passed_over.is_empty() {
            let names = url.passed_over.join(", ");
            found.notes.push(format!("{}: not known here and passed over: {names}", self.place));
        }
        self.search(line, &base, preset, out, &mut found).await?;
        Ok(found)
    }

    async fn sign_in(&mut self, line: &mut LdapConnection) -> Result<(), Error> {
        let (what, answer) = match &self.directory.sign_in {
            BindMethod::Nobody => return Ok(()),
            BindMethod::Password { name, password } => {
                let bind = line.ldap.simple_bind(name, password.expose());
                (LdapOperation::SignIn { name }, self.wait("to the sign-in", bind).await?)
            }
            BindMethod::External => {
                let bind = line.ldap.sasl_external_bind();
                (LdapOperation::External, self.wait("to the sign-in", bind).await?)
            }
        };
        let result = match answer {
            Ok(result) => result,
            Err(error) => return Err(self.broken(error, line).await),
        };
        if result.rc != 0 {
            let asked = LdapRequest { what, signed_in: true };
            return Err(self.failed(words::answer(&asked, &result)));
        }
        (self.signed_in, self.heard) = (true, true);
        Ok(())
    }

    /// Asks what the directory is. It may hide that, so an empty answer is not an error.
    async fn about(&mut self, line: &mut LdapConnection) -> Result<RootDse, Error> {
        let search = line.ldap.search("", ldap3::Scope::Base, "(objectClass=*)", ABOUT);
        let found = match self.wait("about what it is", search).await? {
            Ok(found) => found,
            Err(error) => return Err(self.broken(error, line).await),
        };
        self.heard = true;
        let mut about = RootDse::default();
        let Some(entry) = found.0.into_iter().next() else { return Ok(about) };
        for (name, values) in SearchEntry::construct(entry).attrs {
            match name.to_ascii_lowercase().as_str() {
                "supportedcapabilities" => {
                    about.is_active_directory = values.iter().any(|v| v == IS_ACTIVE_DIRECTORY);
                }
                "namingcontexts" => about.contexts = values,
                "defaultnamingcontext" => about.default = values.into_iter().next(),
                _ => {}
            }
        }
        Ok(about)
    }

    /// The search base, if the URL has none.
    fn base(&self, about: RootDse) -> Result<String, Error> {
        if let Some(base) = about.default {
            return Ok(base);
        }
        match about.contexts.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(self.failed(
                "name the base of the search, as ldaps://host/dc=example,dc=com".to_owned(),
            )),
            many => {
                let many = super::entry::plain(&many.join("; "), 300);
                Err(self.failed(format!("name the base of the search, as it has several: {many}")))
            }
        }
    }

    async fn search(
        &mut self,
        line: &mut LdapConnection,
        base: &str,
        preset: &Preset,
        out: &mut dyn Write,
        found: &mut DirectorySummary,
    ) -> Result<(), Error> {
        let Directory { url, columns, .. } = &self.directory;
        let map = AttributeMap::of(preset, &url.attributes, columns).map_err(Error::Request)?;
        let scope = match url.scope {
            SearchScope::Base => ldap3::Scope::Base,
            SearchScope::One => ldap3::Scope::OneLevel,
            SearchScope::Subtree => ldap3::Scope::Subtree,
        };
        let filter = url.filter.clone().unwrap_or_else(|| preset.filter.to_owned());
        let pages = PagedResults::new(PAGE);
        let begun = line.ldap.streaming_search_with(pages, base, scope, &filter, map.attributes());
        let mut stream = match self.wait("to the search", begun).await? {
            Ok(stream) => stream,
            Err(error) => return Err(self.broken(error, line).await),
        };
        let mut seen = EntryOddities::default();
        loop {
            let next = self.wait(&format!("after {} entries", self.entries), stream.next()).await?;
            self.heard |= next.is_ok();
            let item = match next {
                Ok(Some(item)) => item,
                Ok(None) => break,
                Err(error) => {
                    drop(stream);
                    return Err(self.broken(error, line).await);
                }
            };
            if item.is_intermediate() {
                continue;
            }
            if item.is_ref() {
                seen.referrals += 1;
                continue;
            }
            let Some(entry) = LdapEntry::read(item.0, &map) else { return Err(self.not_ldap()) };
            self.entries += 1;
            if entry.addresses > 1 {
                seen.several += 1;
                seen.first.get_or_insert_with(|| entry.dn().to_owned());
            }
            entry.write(out).map_err(Error::Spool)?;
        }
        let result: LdapResult = stream.finish().await;
        if result.rc != 0 {
            let what = LdapOperation::Search { base, entries: self.entries };
            let asked = LdapRequest { what, signed_in: self.signed_in };
            return Err(self.failed(words::answer(&asked, &result)));
        }
        if self.entries == 0 {
            let hint = match self.signed_in {
                true => "",
                false => "; nobody is signed in, and may not be shown any (--ldap-bind signs in)",
            };
            let base = super::entry::plain(base, 300);
            let why = format!("no entry below {base} is one of {filter}{hint}");
            return Err(self.failed(why));
        }
        found.entries = self.entries;
        found.notes.extend(seen.notes(&self.place));
        Ok(())
    }

    /// Waits for the next answer, until the timeout or until the user interrupts.
    pub(super) async fn wait<T>(
        &self,
        what: &str,
        answer: impl Future<Output = T>,
    ) -> Result<T, Error> {
        let deadline = Instant::now() + self.directory.timeout;
        let mut answer = pin!(answer);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match timeout(left.min(PAUSE), &mut answer).await {
                _ if (self.stop)() => return Err(Error::Interrupted),
                Ok(answer) => return Ok(answer),
                Err(_) if left.is_zero() => return Err(self.failed(words::timed_out(what))),
                Err(_) => {}
            }
        }
    }

    /// The library says only that its connection is gone; the task that drives it knows why.
    async fn broken(&self, error: LdapError, line: &mut LdapConnection) -> Error {
        let gone = matches!(
            error,
            LdapError::OpSend { .. }
                | LdapError::ResultRecv { .. }
                | LdapError::IdScrubSend { .. }
                | LdapError::EndOfStream
        );
        if !gone {
            return self.failed(format!("cannot go on: {error}"));
        }
        match timeout(PAUSE, &mut line.driver).await {
            Ok(Err(panicked)) if panicked.is_panic() => self.not_ldap(),
            Ok(Ok(Err(LdapError::Io { source }))) if source.kind() == io::ErrorKind::Other => {
                self.not_ldap()
            }
            Ok(Ok(Err(LdapError::Io { source }))) => self.failed(self.lost(Some(&source))),
            _ => self.failed(self.lost(None)),
        }
    }

    fn lost(&self, error: Option<&io::Error>) -> String {
        let why = words::lost(error, self.entries);
        match self.heard || self.shown {
            true => why,
            // In TLS 1.3 the refusal of a client without a certificate comes after the handshake,
            // and GnuTLS gives no reason.
            false => format!(
                "{why} before it said anything; it may be that it wants a certificate of yours: \
                 --ldap-cert and --ldap-key"
            ),
        }
    }

    fn not_ldap(&self) -> Error {
        not_ldap(&self.place)
    }

    pub(super) fn failed(&self, why: String) -> Error {
        Error::Server { place: self.place.clone(), why }
    }
}

fn not_ldap(place: &str) -> Error {
    let why = "what answers there does not speak LDAP as it should; are host and port right?";
    Error::Server { place: place.to_owned(), why: why.to_owned() }
}

/// Unusual things about the entries, counted.
#[derive(Default)]
struct EntryOddities {
    referrals: u64,
    several: u64,
    first: Option<String>,
}

impl EntryOddities {
    fn notes(self, place: &str) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(first) = self.first {
            notes.push(format!(
                "{place}: entries with more than one address: {}, such as {first}; the first is \
                 taken",
                self.several
            ));
        }
        if self.referrals > 0 {
            notes.push(format!(
                "{place}: references to other servers, which were not followed: {}",
                self.referrals
            ));
        }
        notes
    }
}

/// An open connection, and the task that drives it.
pub(super) struct LdapConnection {
    pub(super) ldap: Ldap,
    pub(super) driver: JoinHandle<Result<(), LdapError>>,
}
