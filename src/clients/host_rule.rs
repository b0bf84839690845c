//! Which hosts a fact about a client is for.

use crate::model::Hostname;

/// `example.com` matches this host and all names below it; `=host.example.com` matches only this
/// host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    pub host: Hostname,
    pub exact: bool,
}

impl HostRule {
    pub fn matches(&self, host: &Hostname) -> bool {
        if self.exact { *host == self.host } else { host.is_within(self.host.as_str()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_rule_covers_names_below_it_unless_it_is_exact() {
        let host = Hostname::new("smtp-mail.outlook.com").unwrap();
        let outlook = Hostname::new("outlook.com").unwrap();
        assert!(HostRule { host: outlook.clone(), exact: false }.matches(&host));
        assert!(!HostRule { host: outlook, exact: true }.matches(&host));
    }
}
