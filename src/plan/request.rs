//! What to plan.

use std::collections::BTreeMap;

use crate::clients::Target;
use crate::model::{Protocol, Secret};
use crate::settings::{Mdm, OptionValue, Organization, Subject};

/// The input of `plan::plan`.
pub struct Request<'a> {
    pub subjects: &'a [Subject],
    /// Every target that is generated, or included by one that is.
    pub targets: &'a [Target],
    /// The names of the targets that are generated.
    pub selected: &'a [String],
    /// The user's choice; `None` uses the provider's default.
    pub protocol: Option<Protocol>,
    /// The user's choice; if empty, all languages for a provider and the locale's for an account.
    pub languages: &'a [String],
    pub locale: Option<&'a str>,
    /// Whether to plan also for the provider's domains that were not requested.
    pub all_domains: bool,
    pub options: &'a BTreeMap<String, BTreeMap<String, OptionValue>>,
    pub organization: &'a Organization,
    pub password: Option<&'a Secret>,
    /// The device management system that will fill in the files.
    pub mdm: Option<&'a Mdm>,
}
