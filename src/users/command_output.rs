//! Runs a command that prints a list of users.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// Bytes of the list.
const MOST: u64 = 256 << 20;
/// Bytes of the command's messages that are kept.
const MOST_MESSAGES: u64 = 4096;

/// What a command prints, without a shell. It gets no input, and no environment but a PATH.
///
/// # Errors
///
/// It cannot be started, it fails, it prints too much, or it takes longer than `deadline`; then it
/// is killed.
pub fn command_output(command: &[String], deadline: Duration) -> Result<Vec<u8>, String> {
    let [program, arguments @ ..] = command else { return Err("the command is empty".to_owned()) };
    let mut process = Command::new(program);
    // The server's own environment can have secrets in it.
    process.args(arguments).env_clear().env("PATH", PATH);
    process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = process.spawn().map_err(|why| format!("cannot start {program}: {why}"))?;
    finish(program, child, deadline)
}

fn finish(program: &str, mut child: Child, deadline: Duration) -> Result<Vec<u8>, String> {
    let (sender, results) = channel();
    for (pipe, most) in [
        (child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>), MOST),
        (child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>), MOST_MESSAGES),
    ] {
        let Some(pipe) = pipe else { continue };
        let sender = sender.clone();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let mut pipe = pipe.take(most + 1);
            let read = pipe.read_to_end(&mut bytes);
            // A command that has more to say would wait for a reader.
            drop(pipe);
            let _ = sender.send((most, read.map(|_| bytes)));
        });
    }
    drop(sender);
    let (mut output, mut messages) = (Vec::new(), Vec::new());
    let until = std::time::Instant::now() + deadline;
    loop {
        match results.recv_timeout(until.saturating_duration_since(std::time::Instant::now())) {
            Ok((MOST, read)) => {
                output = read.map_err(|why| format!("cannot read {program}: {why}"))?
            }
            Ok((_, read)) => messages = read.unwrap_or_default(),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{program} takes longer than {} s", deadline.as_secs_f32()));
            }
        }
    }
    if output.len() as u64 > MOST {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("{program} prints more than {MOST} bytes"));
    }
    let status = child.wait().map_err(|why| format!("cannot wait for {program}: {why}"))?;
    if status.success() {
        return Ok(output);
    }
    let messages = String::from_utf8_lossy(&messages);
    let last = messages.lines().rev().find(|line| !line.trim().is_empty());
    Err(match last {
        Some(words) => format!("{program} fails ({status}): {}", words.trim()),
        None => format!("{program} fails ({status}) without a message"),
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(script: &str, deadline: Duration) -> Result<String, String> {
        let command = ["/bin/sh", "-c", script].map(str::to_owned);
        command_output(&command, deadline).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn what_a_command_prints_is_read_and_a_failure_has_its_words() {
        let minute = Duration::from_secs(60);
        assert_eq!(run("echo a; echo b >&2", minute).unwrap(), "a\n");
        assert_eq!(run("echo ${HOME-none}${PATH:+path}", minute).unwrap(), "nonepath\n");
        let why = run("echo part; echo 'no database' >&2; exit 3", minute).unwrap_err();
        assert!(why.contains("exit status: 3") && why.ends_with(": no database"), "{why}");
        let why = command_output(&["/no/such/program".to_owned()], minute).unwrap_err();
        assert!(why.contains("cannot start /no/such/program"), "{why}");
    }

    #[test]
    fn a_command_that_does_not_end_is_killed() {
        let why = run("sleep 600", Duration::from_millis(50)).unwrap_err();
        assert!(why.contains("takes longer than 0.05 s"), "{why}");
    }
}
