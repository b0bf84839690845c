//! Writes the invalid rows to a file of their own.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use crate::users::ListRow;

use super::super::Failure;
use super::super::args::Shard;

/// `rejected.csv`: the invalid rows, with the reason after their own columns.
pub struct RejectedRows {
    path: PathBuf,
    writer: Option<csv::Writer<BufWriter<File>>>,
}

impl RejectedRows {
    pub fn new(out: &Path, shard: Option<Shard>) -> Self {
        let name = match shard {
            Some(Shard { number, of }) => format!("rejected-{number}-of-{of}.csv"),
            None => "rejected.csv".to_owned(),
        };
        Self { path: out.join(name), writer: None }
    }

    pub fn add(&mut self, header: &[String], row: &ListRow, why: &str) -> Result<(), Failure> {
        let failed =
            |e: &dyn std::fmt::Display| format!("cannot write {}: {e}", self.path.display());
        let writer = match &mut self.writer {
            Some(writer) => writer,
            empty => {
                let file = File::create(&self.path).map_err(|e| failed(&e))?;
                let mut builder = csv::WriterBuilder::new();
                let mut writer = builder.flexible(true).from_writer(BufWriter::new(file));
                // An entry of a directory has a name instead of a line number.
                let line = row.name.is_none().then_some("line");
                let columns = header.iter().map(String::as_str).chain(line).chain(["reason"]);
                writer.write_record(columns).map_err(|e| failed(&e))?;
                empty.insert(writer)
            }
        };
        let mut fields: Vec<String> = row.fields.iter().map(|field| harmless(field)).collect();
        fields.resize(fields.len().max(header.len()), String::new());
        fields.extend(row.name.is_none().then(|| row.line.to_string()));
        fields.push(why.to_owned());
        writer.write_record(&fields).map_err(|e| failed(&e))?;
        Ok(())
    }

    /// The path of the file, if there is one.
    pub fn finish(self) -> Result<Option<String>, Failure> {
        let Some(mut writer) = self.writer else { return Ok(None) };
        writer.flush()?;
        Ok(Some(self.path.display().to_string()))
    }
}

/// Prevents a spreadsheet from evaluating the field as a formula.
fn harmless(field: &str) -> String {
    const LONGEST: usize = 1000;
    let cut: String = field.chars().take(LONGEST).collect();
    match cut.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cut}"),
        false => cut,
    }
}
