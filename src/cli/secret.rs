//! Secrets on their way in.

use crate::model::Secret;

use super::Failure;

/// `prompt`, `env:NAME` or `fd:N`; never an argument, which every user of the machine can read.
pub fn read_password(from: &str) -> Result<Secret, Failure> {
    let secret = match from.split_once(':') {
        None if from == "prompt" => rpassword::prompt_password("password: ")
            .map_err(|e| format!("cannot ask for the password: {e}"))?,
        Some(("env", name)) => {
            std::env::var(name).map_err(|e| format!("--password-from env:{name}: {e}"))?
        }
        Some(("fd", number)) => read_descriptor(number)?,
        _ => {
            return Err(
                "--password-from takes prompt, env:NAME or fd:N; a password itself is no argument, \
                 since others can see it"
                    .into(),
            );
        }
    };
    let secret = secret.trim_end_matches(['\r', '\n']).to_owned();
    if secret.is_empty() {
        return Err(format!("--password-from {from}: the password is empty").into());
    }
    crate::model::Text::new(&secret).map_err(|why| format!("the password has a {why}"))?;
    Ok(Secret::new(secret))
}

#[cfg(unix)]
fn read_descriptor(number: &str) -> Result<String, Failure> {
    let number: u32 =
        number.parse().map_err(|_| format!("--password-from fd:{number}: not a number"))?;
    std::fs::read_to_string(format!("/dev/fd/{number}"))
        .map_err(|e| format!("--password-from fd:{number}: {e}").into())
}

#[cfg(not(unix))]
fn read_descriptor(_: &str) -> Result<String, Failure> {
    Err("--password-from fd:N needs a Unix system; take env:NAME or prompt".into())
}
