//! `mailwright check --fix` and `--diff`: applies safe fixes to the file, or shows them.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use similar::TextDiff;

use crate::check::fix::{FixedFile, fix};
use crate::codes::Code;
use crate::model::printable_lines;

use super::Failure;
use super::terminal::Terminal;

/// Lines of context around a change.
const CONTEXT: usize = 2;

/// Shows the fixes, and writes them if `writes`. Returns whether there was anything to fix.
pub fn fix_file(
    file: &Path,
    bytes: &[u8],
    wanted: &dyn Fn(Code) -> bool,
    writes: bool,
    terminal: &Terminal,
) -> Result<bool, Failure> {
    let Some(fixed) = fix(bytes, wanted) else { return Ok(false) };
    let name = file.display().to_string();
    terminal.print(&printable_lines(&diff(&name, &fixed)))?;
    if writes {
        write(file, bytes, &fixed.bytes)?;
    }
    let codes: Vec<&str> = fixed.codes.iter().map(|code| code.name).collect();
    let done = if writes { "mended" } else { "would be mended" };
    terminal.say(&format!("{name}: {done}: {}", codes.join(", ")));
    Ok(true)
}

/// Empty if only the encoding or the line ends differ.
fn diff(name: &str, fixed: &FixedFile) -> String {
    TextDiff::from_lines(&fixed.before, &fixed.after)
        .unified_diff()
        .context_radius(CONTEXT)
        .header(name, name)
        .to_string()
}

/// Overwrites the file, so that inode, owner, mode and other names of it stay. A copy of the old
/// content lies beside it until the new one is on disk, for the case that the machine stops.
fn write(file: &Path, old: &[u8], new: &[u8]) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("cannot write {}: {e}", file.display());
    let file = file.canonicalize().map_err(failed)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut copy = tempfile::Builder::new()
        .prefix(".mailwright-before-fix-")
        .tempfile_in(folder)
        .map_err(failed)?;
    copy.write_all(old).and_then(|()| copy.as_file().sync_all()).map_err(failed)?;
    let mut open = OpenOptions::new();
    open.write(true);
    // The name could have become a link since it was resolved.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut open, NO_LINK);
    let mut target = open.open(&file).map_err(failed)?;
    let written = target
        .write_all(new)
        .and_then(|()| target.set_len(u64::try_from(new.len()).unwrap_or(u64::MAX)))
        .and_then(|()| target.sync_all());
    written.map_err(|why| match copy.keep() {
        Ok((_, kept)) => format!("{}; the old content is in {}", failed(why), kept.display()),
        Err(_) => failed(why),
    })
}

#[cfg(unix)]
const NO_LINK: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
