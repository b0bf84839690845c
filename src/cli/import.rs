//! `mailwright import` and `convert`: turn any client's file into a provider file, or into other
//! files.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::check::advice::advise;
use crate::check::defects;
use crate::codes::{self, Code};
use crate::finding::{Finding, Levels, Severity, Source, any_error};
use crate::import::{FORMATS, ReadConfig, Reader, provider_file, recognise};
use crate::settings::read_provider;

use super::args::{ConvertArgs, Format, Global, ImportArgs};
use super::bytes::read;
use super::session::IMPORTED;
use super::terminal::Terminal;
use super::{Failure, Outcome, generate};

pub fn run(args: &ImportArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut findings = Vec::new();
    let text = text_of(args, terminal, &mut findings)?;
    few(&mut findings);
    let text = text.filter(|_| !terminal.stops(&mut findings));
    if args.format == Format::Json {
        let json = serde_json::json!({ "provider": text, "findings": findings });
        if let (Some(text), Some(out)) = (&text, &args.out) {
            write(out, text, args.force)?;
        }
        terminal.print(&format!("{json:#}\n"))?;
        return Ok(if text.is_some() { Outcome::Fine } else { Outcome::Findings });
    }
    terminal.findings(&findings);
    let Some(text) = text else { return Ok(Outcome::Findings) };
    match &args.out {
        None => terminal.print(&text)?,
        Some(out) => {
            write(out, &text, args.force)?;
            let name = out.display();
            terminal.say(&format!(
                "{name} is written; `mailwright generate --provider {name}` makes files of it"
            ));
        }
    }
    Ok(Outcome::Fine)
}

/// The provider file's text, from a file or from the settings that an address leads to.
fn text_of(
    args: &ImportArgs,
    terminal: &Terminal,
    findings: &mut Vec<Finding>,
) -> Result<Option<String>, Failure> {
    let domain = args.source.rsplit_once('@').map_or(args.source.as_str(), |(_, domain)| domain);
    if let Some(file) = args.isp_dir.as_ref().map(|dir| dir.join(format!("{domain}.xml")))
        && file.is_file()
    {
        terminal.say(&format!("found at {}", file.display()));
        return provider(&file, &args.with, &args.domains, terminal.levels(), findings);
    }
    #[cfg(feature = "verify")]
    if super::discover::is_address(&args.source) {
        let found = super::discover::run(&args.source, args, terminal, findings)?;
        let Some(found) = found else { return Ok(None) };
        let levels = terminal.levels();
        return complete(found.config, found.place, &args.with, &args.domains, levels, findings);
    }
    provider(Path::new(&args.source), &args.with, &args.domains, terminal.levels(), findings)
}

/// Imports, then generates from the result.
pub fn convert(
    args: &ConvertArgs,
    global: &Global,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    if args.generate.subject.provider.is_some() {
        return Err("convert takes its provider from SOURCE; leave --provider out".into());
    }
    let mut findings = Vec::new();
    let text = provider(&args.source, &args.with, &args.domains, terminal.levels(), &mut findings)?;
    few(&mut findings);
    let text = text.filter(|_| !terminal.stops(&mut findings));
    terminal.findings(&findings);
    let Some(text) = text else { return Ok(Outcome::Findings) };
    let mut generate = args.generate.clone();
    generate.subject.provider = Some(IMPORTED.to_owned());
    generate.subject.imported = Some(Source::new(format!("{IMPORTED}.toml"), text));
    generate::run(&generate, global, terminal)
}

/// The provider file of a source and of the files that complete it.
fn provider(
    source: &Path,
    with: &[PathBuf],
    domains: &[String],
    levels: &Levels,
    findings: &mut Vec<Finding>,
) -> Result<Option<String>, Failure> {
    let config = config(source, levels, findings)?;
    complete(config, source.display().to_string(), with, domains, levels, findings)
}

fn complete(
    mut config: ReadConfig,
    mut name: String,
    with: &[PathBuf],
    domains: &[String],
    levels: &Levels,
    findings: &mut Vec<Finding>,
) -> Result<Option<String>, Failure> {
    for file in with {
        config.join(self::config(file, levels, findings)?);
        name = format!("{name} and {}", file.display());
    }
    if !domains.is_empty() {
        config.domains = domains.to_vec();
    }
    Ok(written(&config, &name, findings))
}

/// Limits the findings of each kind; the others are only counted.
fn few(findings: &mut Vec<Finding>) {
    const MOST: usize = 20;
    let mut counts: BTreeMap<Code, usize> = BTreeMap::new();
    findings.retain(|finding| {
        let count = counts.entry(finding.code).or_default();
        *count += 1;
        *count <= MOST
    });
    for (code, count) in counts.into_iter().filter(|(_, count)| *count > MOST) {
        let message = format!("{} more of {code}", count - MOST);
        // It replaces findings that are warnings here.
        findings.push(Finding::new(codes::MORE_OF_THE_SAME, message).severity(Severity::Warning));
    }
}

/// The settings in a file. Its defects are reported as warnings.
fn config(
    source: &Path,
    levels: &Levels,
    findings: &mut Vec<Finding>,
) -> Result<ReadConfig, Failure> {
    let name = source.display().to_string();
    let bytes = read(source, &name)?;
    let Some((reader, text)) = recognise(&bytes) else {
        return Err(format!(
            "{name} is of no format that can be imported here, which are {FORMATS}"
        )
        .into());
    };
    let mut examined = reader.examine(&text);
    if reader != Reader::Autoconfig {
        // An identifier from another format does not identify a provider.
        examined.config.id = None;
    }
    let advice = advise(reader, &text, &examined);
    let source = Source::new(name, text);
    let mut told = defects::findings(&[&examined.defects], &source);
    // `check` reports the notes about the source; here they count only if the user raises them.
    let serious = |finding: &Finding| {
        levels.of(finding.code, finding.severity).is_some_and(|level| level > Severity::Note)
    };
    told.extend(defects::findings(&[&advice], &source).into_iter().filter(serious));
    findings.extend(told.into_iter().map(|mut finding| {
        finding.severity = finding.severity.min(Severity::Warning);
        finding
    }));
    Ok(examined.config)
}

/// The text of the provider file, after our own reader has accepted it.
fn written(config: &ReadConfig, name: &str, findings: &mut Vec<Finding>) -> Option<String> {
    let text = provider_file(config, name, findings)?;
    let source = Source::new(format!("{IMPORTED}.toml"), text.clone());
    let (_, wrong) = read_provider(IMPORTED, &source);
    let wrong: Vec<Finding> =
        wrong.into_iter().filter(|finding| finding.severity == Severity::Error).collect();
    let fine = !any_error(&wrong);
    findings.extend(wrong);
    fine.then_some(text)
}

fn write(out: &PathBuf, text: &str, force: bool) -> Result<(), Failure> {
    let failed = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::AlreadyExists => {
            format!("{} is there already; --force writes over it", out.display())
        }
        _ => format!("cannot write {}: {e}", out.display()),
    };
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true);
    match force {
        true => options.truncate(true),
        false => options.create_new(true),
    };
    options.open(out).and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)?;
    Ok(())
}
