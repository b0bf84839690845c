//! Reads provider files on several threads: parses, renders, checks and packs them.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::super::sources::{Sources, Stamp};
use super::AnswerBuilder;
use super::file_pool::{Delivery, FilePool, Work};
use super::file_reader::{FileReader, ProviderLimits, ReadOutcome};
use crate::bundle::Builder;
use crate::finding::Finding;

/// Prints findings about files.
pub type ReportFindings = dyn Fn(&[Finding]) + Send + Sync;

/// Reads provider files.
pub struct ProviderReader {
    pub builder: Arc<AnswerBuilder>,
    pub threads: usize,
    pub limits: ProviderLimits,
    /// Prints the findings of each file.
    pub report_findings: Box<ReportFindings>,
}

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileToRead {
    pub name: String,
    pub stamp: Stamp,
}

/// How to read files.
pub struct Reading {
    /// How long one file may take before the others go on without it.
    pub deadline: Duration,
    /// What answers are packed against. The first valid file sets it.
    pub dictionary: Arc<OnceLock<Vec<u8>>>,
    /// Gets the outcome of files that take too long, when they are read.
    pub late: Arc<dyn Fn(FileToRead, ReadOutcome) + Send + Sync>,
}

/// How many files a thread may be ahead of the collecting thread. It bounds the memory in use.
const MOST_AHEAD: usize = 16;

impl ProviderReader {
    /// Reads the files and delivers them in their order.
    ///
    /// The first valid file is read before the others, since its answers are the dictionary for all
    /// of them. So the result does not depend on the number of threads. A file that takes too long
    /// is left behind.
    pub fn read(
        &self,
        files: Vec<FileToRead>,
        sources: &Sources,
        reading: &Reading,
        deliver: &mut dyn FnMut(FileToRead, Delivery<ReadOutcome>),
    ) {
        let dictionary = Arc::clone(&reading.dictionary);
        let (builder, limits) = (Arc::clone(&self.builder), self.limits);
        let (sources, threads) = (sources.clone(), self.threads.max(1));
        // With many files, nobody reads notes about each of them.
        let with_notes = files.len() == 1;
        let work = move || -> Box<Work<FileToRead, ReadOutcome>> {
            let mut reader = FileReader {
                builder: Arc::clone(&builder),
                sources: sources.clone(),
                limits,
                dictionary: Arc::clone(&dictionary),
                bundle_builder: Builder::for_patterns(),
                packer: None,
                with_notes,
            };
            Box::new(move |file: &FileToRead| reader.read(&file.name))
        };
        let dictionary = Arc::clone(&reading.dictionary);
        let pool = FilePool {
            threads,
            deadline: reading.deadline,
            work: Arc::new(work),
            most_ahead: Arc::new(move || match dictionary.get() {
                Some(_) => threads * MOST_AHEAD,
                None => 1,
            }),
            late: Arc::clone(&reading.late),
        };
        pool.run(files, deliver);
        self.builder.drop_idle();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::super::listing::Listing;
    use super::*;
    use crate::clients::Targets;
    use crate::finding::Levels;
    use crate::model::Protocol;
    use crate::settings::{Organization, Override};

    /// All outcomes for a folder, with the packed bytes.
    fn outcomes(folder: &Path, threads: usize) -> Vec<String> {
        let all = Targets::new(None).unwrap();
        let targets = all.names_routed().filter_map(|name| all.get(name, &mut Vec::new()));
        let (organization, overrides) = (Organization::default(), Override::default());
        let targets = targets.collect();
        let builder = AnswerBuilder::new(
            targets,
            Protocol::Both,
            BTreeMap::new(),
            organization,
            overrides,
            Levels::default(),
        );
        let reader = ProviderReader {
            builder: Arc::new(builder),
            threads,
            limits: ProviderLimits::default(),
            report_findings: Box::new(|_| {}),
        };
        let sources = Sources::folder(folder, None);
        let listing = Listing::of(&sources.origin, &|_| {}).unwrap();
        let files = listing.files.into_iter();
        let files = files.map(|(name, stamp)| FileToRead { name, stamp }).collect();
        let dictionary = Arc::new(OnceLock::new());
        let reading = Reading {
            deadline: Duration::from_secs(600),
            dictionary: Arc::clone(&dictionary),
            late: Arc::new(|_, _| {}),
        };
        let mut all = Vec::new();
        reader.read(files, &sources, &reading, &mut |file, delivery| {
            let Delivery::Done(outcome) = delivery else { panic!("{} is late", file.name) };
            all.push(format!("{} {:?}", file.name, outcome.packed));
        });
        all.push(format!("{:?}", dictionary.get()));
        all
    }

    #[test]
    fn one_thread_and_many_read_the_same_in_the_same_order() {
        let folder = tempfile::tempdir().unwrap();
        let text = include_str!("../../../tests/fixtures/providers/both.example.toml");
        for number in 0..30 {
            let domain = format!("d{number:02}.example");
            let text = match number {
                // An invalid file cannot become the dictionary.
                0 | 7 | 20 => "[emailProvider]\n".to_owned(),
                _ => text.replace("both.example", &domain).replace("beide", &format!("b{number}")),
            };
            std::fs::write(folder.path().join(format!("{domain}.toml")), text).unwrap();
        }
        let one = outcomes(folder.path(), 1);
        assert_eq!(one.len(), 31);
        assert_eq!(one[0], "d00.example None");
        assert!(one[1].starts_with("d01.example Some("));
        for threads in [2, 3, 8, 64] {
            assert!(one == outcomes(folder.path(), threads), "{threads} threads");
        }
    }
}
