//! What of a rollout is done, so that one that was ended can go on.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::list::Shard;
#[cfg(feature = "zip")]
use crate::output::stream::Place;

/// In the output folder while a rollout is under way, one for each share.
const NAME: &str = ".mailwright.users";
/// The format of this file.
const VERSION: &str = "mailwright users 1";

pub struct Journal {
    path: PathBuf,
    file: File,
    /// Batches that are where they belong.
    done: BTreeSet<u64>,
    /// Up to which batch the one zip is written, and how far that is.
    #[cfg(feature = "zip")]
    pub zip: Option<(u64, Place)>,
}

impl Journal {
    /// Goes on from an earlier one where that is wanted and was about the same. `None`: it was not.
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
            #[cfg(feature = "zip")]
            zip: None,
        };
        // A line that was cut off is not done.
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
            #[cfg(feature = "zip")]
            (Some("zip"), [batch, data, list, entries]) => {
                let place = Place { data: *data, list: *list, entries: *entries };
                self.zip = Some((*batch, place));
            }
            _ => {}
        }
    }

    pub fn has(&self, batch: u64) -> bool {
        #[cfg(feature = "zip")]
        if let Some((up_to, _)) = self.zip {
            return batch < up_to;
        }
        self.done.contains(&batch)
    }

    pub fn done(&mut self, batch: u64) -> io::Result<()> {
        writeln!(self.file, "done {batch}")
    }

    #[cfg(feature = "zip")]
    pub fn zip_up_to(&mut self, batch: u64, place: Place) -> io::Result<()> {
        let Place { data, list, entries } = place;
        writeln!(self.file, "zip {batch} {data} {list} {entries}")
    }

    /// Nothing is left to go on with.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}
