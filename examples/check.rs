//! A test in somebody's own project: the file that their web server publishes has no errors.
//!
//! `cargo run --example check -- config-v1.1.xml`

use std::error::Error;
use std::process::ExitCode;

use mailwright::{ClientFile, Severity};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name a client's file")?;
    let bytes = std::fs::read(&path)?;
    let Some(file) = ClientFile::read(&path, &bytes) else {
        eprintln!("{path} is in no format that a supported client reads");
        return Ok(ExitCode::FAILURE);
    };
    for server in &file.config().servers {
        println!("{} {}:{}", server.server_type, server.hostname, server.port);
    }
    for finding in file.findings() {
        println!("{finding}");
        if let Some(help) = &finding.help {
            println!("  help: {help}");
        }
    }
    let wrong = file.findings().iter().any(|finding| finding.severity == Severity::Error);
    Ok(if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
