//! `mailwright check --fix` and `--diff`: applies safe fixes to the file, or shows them.

use std::io::Write as _;
use std::path::Path;

use similar::TextDiff;

use crate::check::mend::{FixedFile, mend};
use crate::codes::Code;

use super::Failure;
use super::terminal::Terminal;

/// Lines of context around a change.
const CONTEXT: usize = 2;

/// Shows the fixes, and writes them if `writes`. Returns whether there was anything to fix.
pub fn fix(
    file: &Path,
    bytes: &[u8],
    wanted: &dyn Fn(Code) -> bool,
    writes: bool,
    terminal: &Terminal,
) -> Result<bool, Failure> {
    let Some(mended) = mend(bytes, wanted) else { return Ok(false) };
    let name = file.display().to_string();
    terminal.print(&diff(&name, &mended))?;
    if writes {
        write(file, &mended.bytes).map_err(|e| format!("cannot write {name}: {e}"))?;
    }
    let codes: Vec<&str> = mended.codes.iter().map(|code| code.name).collect();
    let done = if writes { "mended" } else { "would be mended" };
    terminal.say(&format!("{name}: {done}: {}", codes.join(", ")));
    Ok(true)
}

/// Empty if only the encoding or the line ends differ.
fn diff(name: &str, mended: &FixedFile) -> String {
    TextDiff::from_lines(&mended.before, &mended.after)
        .unified_diff()
        .context_radius(CONTEXT)
        .header(name, name)
        .to_string()
}

/// Replaces the file atomically. A link stays a link.
fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let file = file.canonicalize()?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(bytes)?;
    new.as_file().set_permissions(file.metadata()?.permissions())?;
    new.persist(&file)?;
    Ok(())
}
