//! Decides which names may have a certificate: hosts that clients ask, of domains that are served.

use crate::model::{CONFIG_HOST_LABELS, Hostname};
use crate::serve::store::ProviderStore;

/// Who a name belongs to. Own names are served first if there is not enough for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameOwner {
    /// The server's own name, or a domain or a public host that a provider names.
    Own,
    /// A domain that only a wildcard or the default provider covers. Anybody can ask for any number
    /// of them.
    Customer,
}

/// Who a lower-case name belongs to; `None` if it may have no certificate.
pub fn whose(
    name: &str,
    store: &ProviderStore,
    public_host: Option<&Hostname>,
) -> Option<NameOwner> {
    let host = Hostname::new(name).ok().filter(|host| host.as_str() == name)?;
    if public_host == Some(&host) || store.find_public_host(name).is_some() {
        return Some(NameOwner::Own);
    }
    let domain = domain(name)?;
    if store.find_own(domain).is_some() {
        return Some(NameOwner::Own);
    }
    // `autoconfig.autoconfig.example.com` is not a host that a client asks.
    if self::domain(domain).is_some() {
        return None;
    }
    if store.find(domain).is_some() {
        return Some(NameOwner::Customer);
    }
    let is_domain = Hostname::new(domain).is_ok_and(|domain| domain.is_qualified());
    (is_domain && store.default_provider().is_some()).then_some(NameOwner::Customer)
}

fn domain(name: &str) -> Option<&str> {
    let (first, domain) = name.split_once('.')?;
    CONFIG_HOST_LABELS.contains(&first).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hosts_of_clients_and_the_public_one_may_have_one() {
        let store = ProviderStore::default();
        let own = Hostname::new("mail.example").unwrap();
        assert_eq!(whose("mail.example", &store, Some(&own)), Some(NameOwner::Own));
        for name in ["other.example", "autoconfig.a.example", "AUTOCONFIG.a.example", "", "."] {
            assert_eq!(whose(name, &store, Some(&own)), None, "{name}");
        }
        assert_eq!(domain("autoconfig.a.example"), Some("a.example"));
        assert_eq!(domain("ua-auto-config.a.example"), Some("a.example"));
        for name in ["www.a.example", "mail.a.example", "a.example", "autoconfig"] {
            assert_eq!(domain(name), None, "{name}");
        }
    }
}
