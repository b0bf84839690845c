//! Records the finished part of a rollout, so that an interrupted one can continue.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::super::args::Shard;

/// In the output folder during a rollout, one file per shard.
const NAME: &str = ".mailwright.users";
/// The format of this file.
const VERSION: &str = "mailwright users 1";

pub struct Journal {
    path: PathBuf,
    file: File,
    /// Batches that are in place.
    done: BTreeSet<u64>,
    /// The number of batches written to the single archive, and the position in it.
    #[cfg(any(feature = "tar", feature = "zip"))]
    pub up_to: Option<(u64, Vec<u64>)>,
}

impl Journal {
    /// Continues an earlier journal if `resume` and its fingerprint is the same. `None` if it
    /// differs.
    pub fn open(
        out: &Path,
        shard: Option<Shard>,
        fingerprint: &str,
        resume: bool,
    ) -> io::Result<Option<Self>> {
        fs::create_dir_all(out)?;
        let share = shard.map(|Shard { number, of }| format!("-{number}-of-{of}"));
        let path = out.join(format!("{NAME}{}", share.unwrap_or_default()));
        let head = format!("{VERSION} {fingerprint}\n");
        let old =
            if resume { fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
        let is_same = old.starts_with(&head);
        if resume && !old.is_empty() && !is_same {
            return Ok(None);
        }
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).open(&path)?;
        if !is_same {
            file.set_len(0)?;
            file.write_all(head.as_bytes())?;
        }
        let mut journal = Self {
            path,
            file,
            done: BTreeSet::new(),
            #[cfg(any(feature = "tar", feature = "zip"))]
            up_to: None,
        };
        // An incomplete line does not count.
        let whole = old.rfind('\n').map_or("", |end| &old[..end]);
        for line in whole.lines().skip(1) {
            journal.read(line);
        }
        Ok(Some(journal))
    }

    fn read(&mut self, line: &str) {
        let mut words = line.split(' ');
        let word = words.next();
        let numbers: Vec<u64> = words.filter_map(|number| number.parse().ok()).collect();
        match (word, &numbers[..]) {
            (Some("done"), [batch]) => drop(self.done.insert(*batch)),
            #[cfg(any(feature = "tar", feature = "zip"))]
            (Some("up-to"), [batch, place @ ..]) => self.up_to = Some((*batch, place.to_vec())),
            _ => {}
        }
    }

    pub fn has(&self, batch: u64) -> bool {
        #[cfg(any(feature = "tar", feature = "zip"))]
        if let Some((up_to, _)) = &self.up_to {
            return batch < *up_to;
        }
        self.done.contains(&batch)
    }

    pub fn done(&mut self, batch: u64) -> io::Result<()> {
        writeln!(self.file, "done {batch}")
    }

    #[cfg(any(feature = "tar", feature = "zip"))]
    pub fn up_to(&mut self, batch: u64, place: &[u64]) -> io::Result<()> {
        let place: String = place.iter().map(|number| format!(" {number}")).collect();
        writeln!(self.file, "up-to {batch}{place}")
    }

    /// Removes the journal after a complete rollout.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}
