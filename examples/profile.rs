//! A hoster's program that makes an Apple profile for each new customer.
//!
//! `cargo run --example profile -- ann@example.org > ann.mobileconfig`

use std::error::Error;
use std::io::Write;

use mailwright::{BundleBuilder, Protocol, Providers};

/// The hoster's own servers, as a provider file.
const PROVIDER: &str = r#"
[emailProvider]
id = "example.org"
displayName = "Example Hosting"
displayShortName = "Example"
domains = ["example.org"]

[[incomingServer]]
type = "imap"
hostname = "mail.example.org"
port = 993
socketType = "SSL"
authentication = ["password-cleartext"]
username = "%EMAILADDRESS%"

[[outgoingServer]]
type = "smtp"
hostname = "mail.example.org"
port = 465
socketType = "SSL"
authentication = ["password-cleartext"]
username = "%EMAILADDRESS%"
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "ann@example.org".to_owned());
    let mut providers = Providers::built_in()?;
    providers.add("example.org", PROVIDER)?;
    let settings = providers.find(&address)?;
    let (bundles, findings) =
        BundleBuilder::new(&settings).target("apple-mail").protocol(Protocol::Imap).build()?;
    for finding in findings {
        eprintln!("{finding}");
    }
    let mut files = bundles.iter().flat_map(|bundle| &bundle.files);
    let profile = files.find(|file| file.path.ends_with(".mobileconfig")).ok_or("no profile")?;
    std::io::stdout().write_all(&profile.bytes)?;
    Ok(())
}
