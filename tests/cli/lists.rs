//! Lists of users, and what was made for them.

use serde_json::Value;

use crate::support::Run;

/// So many users with names.
pub fn many(count: usize) -> String {
    let rows = (0..count).map(|n| format!("user{n}@outlook.com,User {n} O'Neil & Söhne\n"));
    format!("mail,name\n{}", rows.collect::<String>())
}

pub fn json(run: &Run, args: &[&str], code: i32) -> Value {
    let ended = run.args(&[&["generate", "--format", "json"], args].concat()).code(code);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {}", ended.stdout))
}
