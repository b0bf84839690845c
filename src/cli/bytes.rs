//! Reads a file or standard input, up to a maximum size.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::Failure;

/// In bytes. No client's file is larger; the largest in the ISPDB has 8 kB.
const LARGEST: u64 = 8 * 1024 * 1024;

/// `-` is standard input.
pub fn read(file: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let failed = |e: std::io::Error| format!("cannot read {name}: {e}");
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let opened = fs::File::open(file).map_err(failed)?;
        opened.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
        return Err(format!("{name} is larger than {} MiB", LARGEST / 1024 / 1024).into());
    }
    Ok(bytes)
}
