//! `mailwright check --fix` and `--diff`: applies safe fixes to the file, or shows them.

use std::io::Write as _;
use std::path::Path;

use similar::TextDiff;

use crate::check::fix::{FixedFile, fix};
use crate::codes::Code;

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
    terminal.print(&diff(&name, &fixed))?;
    if writes {
        write(file, &fixed.bytes).map_err(|e| format!("cannot write {name}: {e}"))?;
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
