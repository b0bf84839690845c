//! What can be typed about signing Apple's profiles.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Clone, Default, Args)]
pub struct SignArgs {
    /// Sign Apple's profiles: a PEM file with the certificate and its intermediates
    #[arg(long, value_name = "FILE", requires = "sign_key", conflicts_with = "mdm")]
    pub sign_cert: Option<PathBuf>,
    /// The private key of that certificate, a PEM file
    #[arg(long, value_name = "FILE", requires = "sign_cert")]
    pub sign_key: Option<PathBuf>,
    /// The password of the private key, where it is encrypted
    #[arg(long, value_name = "prompt|env:NAME|fd:N", requires = "sign_key")]
    pub sign_key_password_from: Option<String>,
}
