//! A monitor: do the servers work as the settings say? It ends with 1 if one does not.
//!
//! `cargo run --example monitor -- example.org.toml ann@example.org`

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use mailwright::{Net, Providers, ServerTest, StepOutcome};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("name a provider file and an address".into());
    };
    let mut providers = Providers::built_in()?;
    let name = Path::new(&file).file_stem().and_then(|stem| stem.to_str()).unwrap_or("own");
    providers.add(name, &std::fs::read_to_string(&file)?)?;
    let settings = providers.find_at(&address, name)?;
    // The system's authorities and name servers; nothing is overridden.
    let net = Net::new(None, None, Vec::new())?;
    let (reports, findings) =
        ServerTest::new(&settings).timeout(Duration::from_secs(10)).run(&net)?;
    for finding in findings {
        eprintln!("{finding}");
    }
    for report in &reports {
        println!("{}: {}", report.name(), if report.works() { "works" } else { "FAILS" });
        for step in report.steps.iter().filter(|step| step.outcome != StepOutcome::Passed) {
            println!("  {}: {}", step.step, step.detail);
        }
    }
    Ok(match reports.iter().all(|report| report.works()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
