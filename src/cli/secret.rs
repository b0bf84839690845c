//! Reads secrets from the user.

use crate::model::Secret;

use super::Failure;

/// The user's password, from the source in `--password-from`.
pub fn read_password(from: &str) -> Result<Secret, Failure> {
    read_secret("--password-from", "password", from)
}

/// Reads from `prompt`, `env:NAME` or `fd:N`; never from an argument, which every user of the
/// machine can read.
pub fn read_secret(flag: &str, what: &str, from: &str) -> Result<Secret, Failure> {
    let secret = match from.split_once(':') {
        None if from == "prompt" => rpassword::prompt_password(format!("{what}: "))
            .map_err(|e| format!("cannot ask for the {what}: {e}"))?,
        Some(("env", name)) => {
            std::env::var(name).map_err(|e| format!("{flag} env:{name}: {e}"))?
        }
        Some(("fd", number)) => {
            read_descriptor(number).map_err(|e| format!("{flag} fd:{number}: {e}"))?
        }
        _ => {
            return Err(format!(
                "{flag} takes prompt, env:NAME or fd:N; a {what} itself is no argument, since \
                 others can see it"
            )
            .into());
        }
    };
    let secret = secret.trim_end_matches(['\r', '\n']).to_owned();
    if secret.is_empty() {
        return Err(format!("{flag} {from}: the {what} is empty").into());
    }
    crate::model::Text::new(&secret).map_err(|why| format!("the {what} has a {why}"))?;
    Ok(Secret::new(secret))
}

#[cfg(unix)]
fn read_descriptor(number: &str) -> Result<String, Failure> {
    let number: u32 = number.parse().map_err(|_| "not a number")?;
    Ok(std::fs::read_to_string(format!("/dev/fd/{number}"))?)
}

#[cfg(not(unix))]
fn read_descriptor(_: &str) -> Result<String, Failure> {
    Err("this needs a Unix system; take env:NAME or prompt".into())
}
