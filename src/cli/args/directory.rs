//! What can be typed about a directory that `--users` names.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// There whether the program is built with LDAP or not, so that a command line means the same.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Users from an LDAP directory (--users ldaps://…)")]
pub struct LdapArgs {
    /// Sign in as this user, mostly a distinguished name [default: as nobody]
    #[arg(long, value_name = "DN", requires = "users", requires = "ldap_password_from")]
    pub ldap_bind: Option<String>,
    /// The password of --ldap-bind
    #[arg(long, value_name = "prompt|env:NAME|fd:N", requires = "ldap_bind")]
    pub ldap_password_from: Option<String>,
    /// Show this certificate, a PEM file with its intermediates; without --ldap-bind it signs in (SASL
    /// EXTERNAL)
    #[arg(long, value_name = "FILE", requires = "users", requires = "ldap_key")]
    pub ldap_cert: Option<PathBuf>,
    /// The private key of --ldap-cert, a PEM file that is not encrypted
    #[arg(long, value_name = "FILE", requires = "ldap_cert")]
    pub ldap_key: Option<PathBuf>,
    /// Which attributes are what, and who is a person [default: as the directory says what it is]
    #[arg(long, value_enum, value_name = "KIND", requires = "users")]
    pub ldap_preset: Option<LdapPreset>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LdapPreset {
    /// Everybody with an address whose account is not disabled
    ActiveDirectory,
    /// Every inetOrgPerson with an address
    Openldap,
}

impl LdapArgs {
    pub fn is_empty(&self) -> bool {
        let Self { ldap_bind, ldap_cert, ldap_preset, .. } = self;
        ldap_bind.is_none() && ldap_cert.is_none() && ldap_preset.is_none()
    }
}
