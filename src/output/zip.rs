//! Writes bundles into one zip file: equal bundles give equal bytes, and the file is replaced as a
//! whole.
//!
//! Nothing depends on the time or the machine: every entry is dated 1980-01-01 (the first day of
//! DOS time) and readable by all, and entries are sorted. The folders inside are the same as those
//! of [`super::write_dirs`].

use std::borrow::Cow;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::archive::{ArchiveEntry, check_archive_target};
use super::dir::sync_folder;
use super::folder::create;
use super::staging::{Staging, ZIP};
use super::{Bundle, Error, Options, layout, manifest};

/// Writes `<out>/<name>.zip` with all files of all bundles and a manifest for each bundle.
///
/// The zip is staged and renamed like a folder, so a killed run leaves the old or the new one. If a
/// bundle contains a password, only the owner can read the zip.
pub fn write_zip(
    out: &Path,
    name: &str,
    bundles: &[Bundle],
    options: &Options,
    interrupted: &AtomicBool,
) -> Result<PathBuf, Error> {
    layout::check(bundles)?;
    let target = check_archive_target(out, name, ENDING)?;
    let mut staging = Staging::begin(out, interrupted)?;
    let staged = staging.path().join(ZIP);
    let failed = |e| Error::io("write", &target, e);

    let secret = bundles.iter().any(Bundle::is_secret);
    let mut zip = ZipWriter::new(BufWriter::new(create(&staged, secret).map_err(failed)?));
    for (path, bytes) in entries(bundles)? {
        if interrupted.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        zip.start_file(path, entry_options()).map_err(|e| zip_error(&target, e))?;
        zip.write_all(&bytes).map_err(failed)?;
    }
    let file = zip.finish().map_err(|e| zip_error(&target, e))?;
    let file = file.into_inner().map_err(|e| failed(e.into_error()))?;
    if options.fsync {
        file.sync_all().map_err(failed)?;
    }
    drop(file);

    // A folder of that name may have been created in the meantime.
    check_archive_target(out, name, ENDING)?;
    fs::rename(&staged, &target).map_err(failed)?;
    staging.keep_out();
    if options.fsync {
        sync_folder(out).map_err(|e| Error::out("write into", out, e))?;
    }
    Ok(target)
}

/// All entries, sorted by their path in the zip.
fn entries(bundles: &[Bundle]) -> Result<Vec<ArchiveEntry<'_>>, Error> {
    let mut entries = Vec::new();
    for bundle in bundles {
        let folder = layout::folder_path(&bundle.folder)?;
        for file in &bundle.files {
            entries.push((format!("{folder}/{}", file.path), Cow::from(&file.bytes)));
        }
        entries.push((format!("{folder}/{}", manifest::FILE), manifest::render(bundle).into()));
    }
    entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Ok(entries)
}

fn entry_options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644)
}

fn zip_error(path: &Path, error: ZipError) -> Error {
    match error {
        ZipError::Io(e) => Error::io("write", path, e),
        e => Error::Zip { path: path.to_owned(), reason: io::Error::from(e).to_string() },
    }
}

/// The file name extension.
pub const ENDING: &str = "zip";
/// A fifth smaller than level 1, for twice its time; level 9 would save only one percent more.
const LEVEL: i64 = 6;
