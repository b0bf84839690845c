//! `mailwright generate`: settings → plan → render → check → write.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::codes;
use crate::finding::{Finding, any_error, dedup};
use crate::output;
use crate::plan::{self, Plan};
use crate::report::{self, TextTable};
use crate::settings::Subject;

use super::args::{Format, GenerateArgs, Global};
use super::generated::{FileRow, GeneratedFiles};
use super::make::make;
use super::message::{self, Messages};
use super::secret::read_password;
use super::session::Session;
use super::signing::Signing;
use super::terminal::Terminal;
use super::{Failure, Outcome};

pub fn run(args: &GenerateArgs, global: &Global, terminal: &Terminal) -> Result<Outcome, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    if let Some(list) = &args.users {
        return super::rollout::run(args, list, global, terminal, &interrupted);
    }
    let password = args.password_from.as_deref().map(read_password).transpose()?;
    let mut session = Session::open(&message::subject(args), global)?;
    let mut findings = std::mem::take(&mut session.findings);
    let signing = Signing::open(args, &mut findings)?;
    let messages = Messages::open(args, &session, &mut findings);
    let mut made = GeneratedFiles::default();
    if !terminal.stops(&mut findings) {
        let request = session.request(password.as_ref());
        let Plan { bundles, findings: planned } = plan::plan(&request);
        findings.extend(planned);
        if !terminal.stops(&mut findings) {
            made = make(&bundles, &signing, terminal, &mut findings);
        }
        if password.is_some() && !made.has_secrets() {
            findings.push(Finding::new(
                codes::PASSWORD_UNUSED,
                "no file of these targets can hold a password, so none does",
            ));
        }
        findings.extend(signing.unused(&made));
        findings.extend(messages.unused(&made.bundles));
        let mut composer = messages.composer();
        for bundle in &mut made.bundles {
            let own = session.subjects.iter().find(|s| s.name() == bundle.subject);
            findings.extend(composer.compose(bundle, own.and_then(Subject::display_name)));
        }
    }
    #[cfg(feature = "verify")]
    if args.verify && !terminal.stops(&mut findings) {
        super::verify::test_before_writing(&session, &args.net, terminal, &mut findings)?;
    }
    dedup(&mut findings);
    if terminal.stops(&mut findings) {
        tell(args, terminal, &GeneratedFiles::default(), &[], &findings)?;
        return Ok(Outcome::Findings);
    }
    let written = if args.dry_run { Vec::new() } else { write(args, &made, &interrupted)? };
    tell(args, terminal, &made, &written, &findings)?;
    Ok(Outcome::Fine)
}

fn write(
    args: &GenerateArgs,
    made: &GeneratedFiles,
    interrupted: &AtomicBool,
) -> Result<Vec<String>, Failure> {
    let options = output::Options { fsync: args.fsync };
    #[cfg(feature = "zip")]
    if args.archive.zip {
        // One zip, named after the last subject, which is the account if there is one.
        let name = made.bundles.last().map_or("bundle", |b| b.subject.as_str());
        output::check_archive_target(&args.out, name, output::zip::ENDING)?;
        let path = output::write_zip(&args.out, name, &made.bundles, &options, interrupted)?;
        return Ok(vec![path.display().to_string()]);
    }
    let written = output::write_dirs(&args.out, &made.bundles, &options, interrupted)?;
    Ok(written.iter().map(|p| p.display().to_string()).collect())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerateReport<'a> {
    written: &'a [String],
    files: &'a [FileRow],
    findings: &'a [Finding],
}

fn tell(
    args: &GenerateArgs,
    terminal: &Terminal,
    made: &GeneratedFiles,
    written: &[String],
    findings: &[Finding],
) -> Result<(), Failure> {
    if args.format == Format::Json {
        let result = GenerateReport { written, files: &made.rows, findings };
        let mut text = serde_json::to_string_pretty(&result)?;
        text.push('\n');
        terminal.json(&text)?;
        return Ok(());
    }
    terminal.findings(findings);
    if any_error(findings) {
        let summary = report::summary(findings).unwrap_or_default();
        terminal.say(&format!("{summary}; nothing was written"));
        return Ok(());
    }
    for bundle in &made.bundles {
        let folder = bundle.folder.display().to_string();
        terminal.print(&format!("{}\n", args.out.join(&folder).display()))?;
        let mut table = TextTable::new(&["client", "file", "how it gets there", "what to know"]);
        let mut last = "";
        let mut last_clients = String::new();
        for row in made.rows.iter().filter(|row| row.bundle == folder) {
            // One line for all languages of a file.
            if row.short == last {
                continue;
            }
            last = &row.short;
            let clients = match row.clients.as_slice() {
                [] => row.target.clone(),
                [one] => one.clone(),
                [first, rest @ ..] => format!("{first} and {} more", rest.len()),
            };
            let again = clients == last_clients;
            last_clients.clone_from(&clients);
            let clients = if again { String::new() } else { clients };
            table.row(vec![clients, row.short.clone(), row.delivery.clone(), row.codes()]);
        }
        terminal.print(&table.render(terminal.width()))?;
        terminal.print("\n")?;
    }
    let files = made.rows.len();
    let summary = report::summary(findings).map(|s| format!("; {s}")).unwrap_or_default();
    terminal.say(&match written {
        [] if files == 0 => format!("there is nothing to write{summary}"),
        [] => format!("{files} files would be written{summary}"),
        written => format!("{files} files in {}{summary}", written.join(", ")),
    });
    Ok(())
}
