//! Who shares a file.

use crate::clients::Scope;
use crate::model::{EmailAddress, Hostname, Text};
use crate::settings::Mdm;

/// Who one file is for.
#[derive(Debug, Clone, Copy)]
pub enum Audience<'a> {
    Everybody {
        domain: &'a Hostname,
    },
    Domain {
        domain: &'a Hostname,
    },
    Account {
        address: &'a EmailAddress,
        display_name: Option<&'a Text>,
    },
    /// All users of the domain, or of all the provider's domains, through a system's placeholders.
    Managed {
        domain: &'a Hostname,
        mdm: &'a Mdm,
        all_domains: bool,
    },
}

impl<'a> Audience<'a> {
    pub fn domain(&self) -> &'a Hostname {
        match self {
            Audience::Everybody { domain }
            | Audience::Domain { domain }
            | Audience::Managed { domain, .. } => domain,
            Audience::Account { address, .. } => address.domain(),
        }
    }

    pub fn scope(&self) -> Scope {
        match self {
            Audience::Everybody { .. } => Scope::Provider,
            Audience::Domain { .. } => Scope::Domain,
            Audience::Account { .. } => Scope::Account,
            Audience::Managed { .. } => Scope::Managed,
        }
    }
}
