//! `mailwright check`: what is wrong with a finished file, which clients it affects, and what to
//! do.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::authorities::Authorities;
use crate::check;
use crate::check::fix::can_fix;
use crate::codes::{self, Code};
use crate::finding::{Finding, Severity, Source, any_error};
use crate::import::FORMATS;
use crate::report::{self, checked_json, checked_junit, checked_sarif};

use super::args::{CheckArgs, CheckFormat};
use super::bytes::read;
use super::fix::fix_file;
use super::own;
use super::terminal::Terminal;
use super::{Failure, Outcome};

pub fn run(args: &CheckArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let (mut files, mut links) = (Vec::new(), Vec::new());
    for name in &args.files {
        collect(name, &mut files, &mut links)?;
    }
    let inside_folders: BTreeSet<&PathBuf> =
        files.iter().filter(|file| !args.files.contains(file)).collect();
    if args.fix || args.diff {
        let any = fix_all(args, &files, terminal)?;
        if args.diff {
            return Ok(if any { Outcome::Findings } else { Outcome::Fine });
        }
    }
    #[cfg(feature = "sign")]
    let authorities = Authorities::new(args.ca.as_deref())?;
    #[cfg(not(feature = "sign"))]
    let authorities = Authorities::default();
    let mut findings = Vec::new();
    let mut names = Vec::new();
    let mut fixable = false;
    let mut unknown = Vec::new();
    for file in &files {
        let name = file.display().to_string();
        let bytes = read(file, &name)?;
        let own = match one(file, &name, &bytes, &authorities)? {
            Some(own) => own,
            // An unknown format is an error for a named file; a folder may contain other files.
            None if inside_folders.contains(file) => {
                unknown.push(name);
                continue;
            }
            None => vec![unknown_format(&name)],
        };
        fixable |= own.iter().any(|finding| finding.code.fix.is_some()) && can_fix(&bytes);
        findings.extend(own);
        names.push(name);
    }
    findings.extend(passed_over(&unknown));
    findings.extend(links.iter().map(|link| link_left_out(link)));
    terminal.levels().apply(&mut findings);
    if let Some(client) = &args.client {
        let client = client.to_lowercase();
        findings.retain(|f| f.hurts.iter().any(|hurt| hurt.to_lowercase().contains(&client)));
    }
    match args.format {
        CheckFormat::Human => {
            terminal.findings_on_stdout(&findings)?;
            let summary =
                report::summary(&findings).unwrap_or_else(|| "nothing is wrong".to_owned());
            let files = if names.len() == 1 { "1 file" } else { &format!("{} files", names.len()) };
            terminal.say(&format!("{files}: {summary}"));
            if fixable && !args.fix {
                terminal.say("`check --diff` shows what `check --fix` would mend of that");
            }
        }
        CheckFormat::Json => terminal.json(&checked_json(&names, &findings))?,
        CheckFormat::Sarif => terminal.json(&checked_sarif(&findings))?,
        CheckFormat::Html => return Err("--format html is the page of --matrix".into()),
        CheckFormat::Junit => terminal.print(&checked_junit(&names, &findings))?,
    }
    Ok(if any_error(&findings) { Outcome::Findings } else { Outcome::Fine })
}

/// Fixes or shows every file, limited to the requested codes. Returns whether there was anything to
/// fix.
fn fix_all(args: &CheckArgs, files: &[PathBuf], terminal: &Terminal) -> Result<bool, Failure> {
    if args.format != CheckFormat::Human {
        return Err("--fix and --diff show their changes to people; leave --format out".into());
    }
    let client = args.client.as_ref().map(|client| client.to_lowercase());
    let hurts = |code: Code| {
        let hurts = |client: &String| {
            code.hurts.iter().any(|hurt| hurt.client.to_lowercase().contains(client))
        };
        client.as_ref().is_none_or(hurts)
    };
    if files.iter().any(|file| file == Path::new("-")) {
        return Err("--fix and --diff want the name of a file, not standard input".into());
    }
    let wanted = |code: Code| terminal.levels().of(code, code.severity).is_some() && hurts(code);
    let mut any = false;
    for file in files {
        let bytes = read(file, &file.display().to_string())?;
        any |= fix_file(file, &bytes, &wanted, args.fix, terminal)?;
    }
    Ok(any)
}

/// Adds a file, every file below a folder, or standard input. Links in a folder that do not lead to
/// a file in it go to `links`: nothing outside of the folder was named.
pub fn collect(
    name: &Path,
    files: &mut Vec<PathBuf>,
    links: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    let inside = name.canonicalize().unwrap_or_default();
    collect_below(&inside, name, files, links)
}

fn collect_below(
    folder: &Path,
    name: &Path,
    files: &mut Vec<PathBuf>,
    links: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    if !name.is_dir() {
        files.push(name.to_owned());
        return Ok(());
    }
    let failed = |e| format!("cannot read the folder {}: {e}", name.display());
    let mut entries: Vec<PathBuf> = fs::read_dir(name)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    entries.sort();
    for entry in entries {
        let hidden = entry.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        // A folder in the folder is found by its own name, and a link to it could be a circle.
        let leads_in =
            || entry.canonicalize().is_ok_and(|to| to.starts_with(folder) && to.is_file());
        match entry.is_symlink() && !leads_in() {
            true => links.push(entry),
            false => collect_below(folder, &entry, files, links)?,
        }
    }
    Ok(())
}

/// All findings about one file; `None` if its format is unknown.
fn one(
    file: &Path,
    name: &str,
    bytes: &[u8],
    authorities: &Authorities,
) -> Result<Option<Vec<Finding>>, Failure> {
    if let Some(findings) = own::check(file, name, bytes)? {
        return Ok(Some(findings));
    }
    let checked = check::file::file(bytes, SystemTime::now(), authorities);
    let Some(checked) = checked else { return Ok(None) };
    let source = Source::new(name, checked.text.clone());
    Ok(Some(checked.findings(&source)))
}

fn link_left_out(link: &Path) -> Finding {
    let message = format!("{} is a link and does not lead to a file in the folder", link.display());
    Finding::new(codes::LINK_LEFT_OUT, message)
}

fn unknown_format(name: &str) -> Finding {
    let message = format!("{name} is of no format that can be checked here");
    Finding::new(codes::UNKNOWN_FORMAT, message)
        .help(format!("{FORMATS} are known, by what is in them; of our own, .toml and .hbs"))
}

/// One note for all files of unknown format in folders.
fn passed_over(unknown: &[String]) -> Option<Finding> {
    const SHOWN: usize = 3;
    let mut names = unknown.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match unknown.len() {
        0 => return None,
        more if more > SHOWN => names.push_str(", …"),
        _ => {}
    }
    let files = if unknown.len() == 1 { "1 file" } else { &format!("{} files", unknown.len()) };
    let message = format!("{files} of no format that can be checked here: {names}");
    Some(Finding::new(codes::UNKNOWN_FORMAT, message).severity(Severity::Note))
}
