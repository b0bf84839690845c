//! A check before publishing: the file that a web server is to publish has no errors.
//!
//! `cargo run --example check -- config-v1.1.xml`

use std::error::Error;
use std::process::ExitCode;

use mailwright::ClientFile;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name a client's file")?;
    let bytes = std::fs::read(&path).map_err(|e| format!("cannot read {path}: {e}"))?;
    let file = ClientFile::read(&path, &bytes)?;
    for server in &file.config().servers {
        println!("{} {}:{}", server.server_type, server.hostname, server.port);
    }
    for finding in file.findings() {
        println!("{finding}");
        if let Some(help) = &finding.help {
            println!("  help: {help}");
        }
    }
    Ok(if file.has_errors() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
