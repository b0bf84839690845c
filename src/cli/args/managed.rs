//! What can be typed about a device management system.

use clap::Args;

/// Placeholders instead of a person.
#[derive(Debug, Clone, Default, Args)]
pub struct MdmArgs {
    /// One profile for everybody, with the placeholders of a device management system: addigy, fleet,
    /// intune, ivanti-epmm, ivanti-neurons, jamf, jamf-school, kandji, maas360, sophos, workspace-one or
    /// custom
    #[arg(long, value_name = "SYSTEM")]
    pub mdm: Option<String>,
    /// Its placeholder for a person's address
    #[arg(long, requires = "mdm", value_name = "TOKEN")]
    pub mdm_address: Option<String>,
    /// Its placeholder for the name that people sign in with [default: as the provider wants it]
    #[arg(long, requires = "mdm", value_name = "TOKEN")]
    pub mdm_username: Option<String>,
    /// Its placeholder for a person's name
    #[arg(long, requires = "mdm", value_name = "TOKEN")]
    pub mdm_name: Option<String>,
}
