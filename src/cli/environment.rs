//! Options of `serve` as environment variables, as containers set them.

use clap::Command;

use crate::document::closest;
use crate::model::printable;

/// What the names of variables begin with.
const PREFIX: &str = "MAILWRIGHT_";
/// The command whose options are all variables, too.
const COMMAND: &str = "serve";

/// Gives each option of `serve` that has no variable yet one of its own name: `--rate-limit` is
/// `MAILWRIGHT_RATE_LIMIT`.
pub fn with_variables(command: Command) -> Command {
    let name_variable = |arg: clap::Arg| match arg.get_long() {
        Some(long) if arg.get_env().is_none() => {
            let name = format!("{PREFIX}{}", long.to_uppercase().replace('-', "_"));
            // clap takes names that live as long as the program, as these do.
            arg.env(&*name.leak())
        }
        _ => arg,
    };
    command.mut_subcommand(COMMAND, |serve| serve.mut_args(name_variable))
}

/// Why a variable of this program means nothing to any of its commands, if there is one.
pub fn unknown_variable(command: &Command) -> Option<String> {
    let commands = command.get_subcommands().chain([command]);
    let known = commands.flat_map(Command::get_arguments).filter_map(|arg| arg.get_env());
    let known: Vec<&str> = known.filter_map(|name| name.to_str()).collect();
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut unknown = set.filter(|name| {
        name.starts_with(PREFIX) && !known.contains(&name.as_str()) && !is_of_kubernetes(name)
    });
    let name = unknown.next()?;
    let near = closest(&name, known.iter().copied());
    let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Some(format!("there is no option for the environment variable {}{near}", printable(&name)))
}

/// Kubernetes sets these in each container if there is a Service with the name `mailwright`.
/// <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>
fn is_of_kubernetes(name: &str) -> bool {
    let rest = name.strip_prefix(PREFIX).unwrap_or_default();
    rest == "PORT"
        || rest == "SERVICE_HOST"
        || rest.starts_with("PORT_")
        || rest.starts_with("SERVICE_PORT")
}
