//! `serve` in two processes: this one answers and stays small; another one, of the same program with the
//! same arguments, reads the arguments and the files, and ends.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;

use crate::serve::{Apart, Here, Kitchen, NoSetup, Server, Setup, give_up, tell_apart};

use super::super::args::{Cli, Color, Command, Global, ServeArgs};
use super::super::session::{SETTINGS, project};
use super::super::terminal::Terminal;
use super::super::{Failure, Outcome, ended};
use super::{any_error, certificates, is_apart, kitchen, serve, talk};

/// Serves, where `serve` is the first argument and can be two processes; else says nothing.
pub fn main() -> Option<ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if arguments.first()? != "serve" || is_apart() {
        return None;
    }
    let (reader, setup) = match Apart::start(arguments) {
        Ok(started) => started,
        Err(NoSetup::Ended(code)) => return Some(ExitCode::from(code)),
        Err(NoSetup::Impossible(_)) => return None,
    };
    let color = match setup.color {
        None => Color::Auto,
        Some(true) => Color::Always,
        Some(false) => Color::Never,
    };
    let global =
        Global { config: None, templates: None, providers: None, color, quiet: setup.quiet };
    let terminal = Terminal::new(&global);
    Some(ended(answer(reader, setup, &global), &terminal))
}

fn answer(reader: Apart, setup: Setup, global: &Global) -> Result<Outcome, Failure> {
    let Setup { menu, sources, options, pairs, .. } = setup;
    serve(Server {
        options,
        menu,
        kitchen: Box::new(open),
        reader: Box::new(reader),
        sources,
        certificates: certificates(pairs)?,
        acme: None,
        sign: None,
        tell: talk(global),
    })
}

/// The kitchen, when somebody asks for what is not prepared: a page, a picture.
fn open() -> Result<Arc<Kitchen>, String> {
    let cli = Cli::try_parse().map_err(|why| why.to_string())?;
    let Command::Serve(args) = &cli.command else { return Err("there is no serve".to_owned()) };
    let mut findings = Vec::new();
    let made = project(&cli.global, &mut findings)
        .and_then(|(project, _)| kitchen(args, &cli.global, project, &mut findings));
    match made {
        Ok(kitchen) if !any_error(&findings) => Ok(Arc::new(kitchen)),
        Ok(_) => Err(findings.first().map_or_else(String::new, ToString::to_string)),
        Err(why) => Err(why.to_string()),
    }
}

/// Whether everything has to be one process: secrets stay where they are read, a test sees what it tests,
/// and settings and templates are read once, whatever becomes of them and whoever may read them later.
pub fn is_declined(args: &ServeArgs, global: &Global) -> bool {
    let settings =
        global.templates.is_some() || global.config.is_some() || Path::new(SETTINGS).exists();
    settings || tests_or_signs(args)
}

fn tests_or_signs(args: &ServeArgs) -> bool {
    #[cfg(feature = "acme")]
    let acme = args.acme.acme.is_some();
    #[cfg(not(feature = "acme"))]
    let acme = false;
    #[cfg(feature = "sign")]
    let signs = args.sign_cert.is_some();
    #[cfg(not(feature = "sign"))]
    let signs = false;
    acme || signs || super::tests_itself(args)
}

/// As [`Setup`] has it.
pub fn color(color: Color) -> Option<bool> {
    match color {
        Color::Auto => None,
        Color::Always => Some(true),
        Color::Never => Some(false),
    }
}

/// What the other process does: reads, as whoever answers will be.
pub fn tell(setup: &Setup, here: &Here) -> Result<Outcome, Failure> {
    // Who answers says as whom.
    give_up(setup.options.user.as_deref())?;
    tell_apart(setup, here)?;
    // Nothing is left to be put in order.
    std::process::exit(0)
}
