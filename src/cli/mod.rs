//! The command line, with one file per subcommand. No other module knows clap or prints.
//!
//! Results go to stdout, messages to stderr. Exit code 0: success; 1: findings at error level; 2:
//! the command could not run.

mod args;
mod bytes;
mod check;
#[cfg(feature = "verify")]
mod credentials;
mod directory;
#[cfg(feature = "verify")]
mod discover;
#[cfg(feature = "serve")]
mod environment;
mod explain;
mod fix;
mod generate;
mod generated;
#[cfg(feature = "serve")]
mod healthcheck;
#[cfg(feature = "verify")]
mod hosted;
mod import;
mod init;
mod make;
mod managed;
#[cfg(feature = "manual")]
mod manual;
mod matrix;
mod message;
mod outcome;
mod own;
mod plan;
mod progress;
mod providers;
mod rollout;
mod secret;
#[cfg(feature = "serve")]
mod serve;
mod session;
mod signing;
mod target_files;
mod targets;
mod terminal;
#[cfg(feature = "verify")]
mod test_plan;
#[cfg(feature = "verify")]
mod verify;
#[cfg(feature = "verify")]
mod watch;

use std::process::ExitCode;

use clap::FromArgMatches as _;

pub use args::{Cli, Command, definition};
pub use outcome::{Failure, Outcome};

/// Parses the arguments, runs the command, and returns the exit code.
pub fn main() -> ExitCode {
    let cli = Cli::from_arg_matches(&definition().get_matches());
    let cli = cli.unwrap_or_else(|error| error.exit());
    let terminal = terminal::Terminal::new(&cli.global);
    #[cfg(feature = "serve")]
    if matches!(cli.command, Command::Serve(_))
        && let Some(words) = environment::unknown_variable(&definition())
    {
        let failure: Failure = words.into();
        terminal.failure(failure.as_ref());
        return ExitCode::from(2);
    }
    let result = match &cli.command {
        Command::Generate(args) => generate::run(args, &cli.global, &terminal),
        Command::Plan(args) => plan::run(args, &cli.global, &terminal),
        Command::Import(args) => import::run(args, &terminal),
        Command::Convert(args) => import::convert(args, &cli.global, &terminal),
        Command::Check(args) if args.matrix => matrix::run(args, &cli.global, &terminal),
        Command::Check(args) => check::run(args, &terminal),
        #[cfg(feature = "verify")]
        Command::Verify(args) => verify::run(args, &cli.global, &terminal),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(args, &cli.global, &terminal),
        #[cfg(feature = "serve")]
        Command::Healthcheck(args) => healthcheck::run(args, &terminal),
        Command::Explain(args) => explain::run(args, &terminal),
        Command::Init(args) => init::run(args, &terminal),
        Command::Providers(args) => providers::run(args, &cli.global, &terminal),
        Command::Targets(args) => targets::run(args, &cli.global, &terminal),
        #[cfg(feature = "manual")]
        Command::Completions(args) => manual::completions(args, &terminal),
        #[cfg(feature = "manual")]
        Command::Man(args) => manual::man(args, &terminal),
    };
    match result {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(failure) if is_closed_pipe(failure.as_ref()) => ExitCode::SUCCESS,
        Err(failure) if is_interrupted(failure.as_ref()) => {
            // The shell's exit code for a program ended by SIGINT.
            ExitCode::from(130)
        }
        Err(failure) => {
            terminal.failure(failure.as_ref());
            ExitCode::from(2)
        }
    }
}

/// The reader of our output closed the pipe, which is not an error.
fn is_closed_pipe(failure: &(dyn std::error::Error + 'static)) -> bool {
    failure
        .downcast_ref::<std::io::Error>()
        .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

fn is_interrupted(failure: &(dyn std::error::Error + 'static)) -> bool {
    matches!(failure.downcast_ref(), Some(crate::output::Error::Interrupted))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::definition().debug_assert();
    }
}
