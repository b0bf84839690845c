//! Jobs → artifacts: runs Handlebars over marks, so that no value can change a file's structure.
//!
//! A template never sees a value, only a mark that represents it (see [`Marks`]). Its output is a
//! skeleton; the values are inserted afterwards, each escaped by the format. `check` parses the
//! skeleton and the file and compares them: the same tree, with values in place of the marks.

mod artifact;
mod budget;
mod compile;
mod context;
mod helpers;
mod marks;
mod parsed;
pub mod pattern;
mod recipient;
#[cfg(feature = "serve")]
mod segments;
mod template;

use std::collections::{BTreeMap, BTreeSet};

use handlebars::{Context, Handlebars, RenderError, Template};

use crate::codes;
use crate::embedded;
use crate::finding::Finding;
use crate::format::sha256_base64;
use crate::plan::Job;

use budget::StepBudget;
use context::{Digest, UsedNames};

pub use artifact::Artifact;
pub(crate) use helpers::percent_encode;
#[cfg(feature = "serve")]
pub(crate) use helpers::qr::{QUIET_ZONE, encode as qr_code};
pub use marks::Marks;
pub use recipient::Recipient;
#[cfg(feature = "serve")]
pub use segments::Segments;
pub use template::lint;

/// Renders jobs. Each template is parsed once, when it is first used.
pub struct Renderer {
    registry: Handlebars<'static>,
    marks: Marks,
    /// The registered templates and paths, with the context names that they use.
    known: BTreeMap<String, UsedNames>,
    /// The templates and paths that are not built in. Their run and their output are limited.
    own: BTreeSet<String>,
    budget: StepBudget,
    broken: BTreeMap<String, Vec<Finding>>,
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer {
    pub fn new() -> Self {
        let marks = Marks::default();
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        registry.set_prevent_indent(true);
        let escaping = marks.clone();
        registry.register_escape_fn(move |text| escaping.keep(text));
        let budget = StepBudget::default();
        helpers::register(&mut registry, &marks, &budget);
        budget::register(&mut registry, &budget, &marks);
        Self {
            registry,
            marks,
            known: BTreeMap::new(),
            own: BTreeSet::new(),
            budget,
            broken: BTreeMap::new(),
        }
    }

    /// Renders one job.
    ///
    /// # Errors
    /// An error is a defect of the template. A warning means that this one file cannot be made with
    /// these values, and why.
    pub fn render<'a>(&mut self, job: &'a Job<'a>) -> Result<Artifact<'a>, Vec<Finding>> {
        let target = job.target;
        let template = format!("{}/{}", target.name, job.file.template);
        let path = format!("{}/{}#path", job.folder_target.name, job.path);
        self.register(&template, &job.file.template, job)?;
        self.register_path(&path, job)?;
        let digests = self.digests(&template, job)?;
        self.marks.clear();
        let asked = [&self.known[&template], &self.known[&path]];
        let context = Context::from(context::context(job, &asked, &self.marks, &digests));
        let skeleton = self
            .run(&template, &context)
            .map_err(|e| vec![template::render_error(&e, &job.file.template, job)])?;
        let skeleton = normalise(&skeleton);
        let path_skeleton = self.path_with(&path, job, &context)?;
        let path = pattern::path_of(&path_skeleton, &self.marks);
        let marks = self.marks.take();
        let unwritable = |why: String| {
            vec![
                Finding::new(codes::VALUE_NOT_WRITABLE, format!("{path} is left out: {why}"))
                    .target(&job.folder_target.name)
                    .subject(job.subject.name()),
            ]
        };
        let text = marks.splice(&skeleton, &job.file.format).map_err(unwritable)?;
        let bytes = job.file.format.encode(&text).map_err(|e| unwritable(e.to_string()))?;
        Ok(Artifact { job, path, path_skeleton, skeleton, marks, text, bytes })
    }

    /// The path of a job's file, relative to its bundle's folder.
    pub fn path(&mut self, job: &Job<'_>) -> Result<String, Vec<Finding>> {
        let name = format!("{}/{}#path", job.folder_target.name, job.path);
        self.register_path(&name, job)?;
        self.marks.clear();
        let asked = [&self.known[&name]];
        let context = Context::from(context::context(job, &asked, &self.marks, &[]));
        Ok(pattern::path_of(&self.path_with(&name, job, &context)?, &self.marks))
    }

    /// The digests of files in the same folder, if the template uses them. Those files are rendered
    /// again for this, which costs less than keeping all files until every template has run.
    fn digests(&mut self, template: &str, job: &Job<'_>) -> Result<Vec<Digest>, Vec<Finding>> {
        if job.digested.is_empty() || !self.known[template].has("digests") {
            return Ok(Vec::new());
        }
        let mut digests = Vec::new();
        for other in job.digested.iter() {
            if let Some(label) = &other.file.digest {
                let sha256 = sha256_base64(&self.render(other)?.bytes);
                digests.push(Digest { label: label.clone(), sha256 });
            }
        }
        Ok(digests)
    }

    /// Makes it possible to turn rendered files into a [`pattern::Pattern`].
    pub fn for_patterns(self) -> Self {
        self.marks.record();
        self
    }

    /// The path with marks in place of values.
    fn path_with(
        &self,
        name: &str,
        job: &Job<'_>,
        context: &Context,
    ) -> Result<String, Vec<Finding>> {
        if !has_expressions(job.path) {
            return Ok(format!("{}/{}", job.folder_target.name, job.path));
        }
        let file = self.run(name, context).map_err(|e| vec![template::path_error(&e, job)])?;
        Ok(format!("{}/{file}", job.folder_target.name))
    }

    fn run(&self, name: &str, context: &Context) -> Result<String, RenderError> {
        match self.own.contains(name) {
            true => {
                let limits = (&self.budget, &self.marks);
                budget::render(&self.registry, limits, name, context)
            }
            false => self.registry.render_with_context(name, context),
        }
    }

    fn register(&mut self, name: &str, file: &str, job: &Job<'_>) -> Result<(), Vec<Finding>> {
        if let Some(findings) = self.broken.get(name) {
            return Err(findings.clone());
        }
        if self.known.contains_key(name) {
            return Ok(());
        }
        let source = &job.target.templates[file];
        self.known.insert(name.to_owned(), UsedNames::by(&source.text));
        if let Some(form) = embedded::parsed(&source.name, &source.text) {
            let mut template = parsed::read(form);
            template.name = Some(name.to_owned());
            self.registry.register_template(name, template);
            return Ok(());
        }
        let mut findings = template::lint(source);
        if findings.is_empty() {
            match compile::compile(&source.text, name) {
                Ok(mut template) => match budget::recursion(&template) {
                    Some(place) => findings.push(template::recursion_error(place, source)),
                    None => {
                        budget::count_steps(&mut template);
                        self.own.insert(name.to_owned());
                        self.registry.register_template(name, template);
                    }
                },
                Err((e, line)) => findings.push(template::template_error(&e, line, source)),
            }
        }
        if findings.is_empty() {
            return Ok(());
        }
        self.broken.insert(name.to_owned(), findings.clone());
        Err(findings)
    }

    fn register_path(&mut self, name: &str, job: &Job<'_>) -> Result<(), Vec<Finding>> {
        if self.known.contains_key(name) {
            return Ok(());
        }
        self.known.insert(name.to_owned(), UsedNames::by(job.path));
        if !has_expressions(job.path) {
            return Ok(());
        }
        if let Some(form) = embedded::parsed_path(job.path) {
            let mut template = parsed::read(form);
            template.name = Some(name.to_owned());
            self.registry.register_template(name, template);
            return Ok(());
        }
        let broken = |why: &dyn std::fmt::Display| {
            let message = format!("path \"{}\": {why}", job.path);
            let finding = Finding::new(codes::BROKEN_TEMPLATE, message);
            vec![finding.at(&job.target.source, job.file.span.clone())]
        };
        if let Some((_, why)) = budget::too_deep(job.path) {
            return Err(broken(&why));
        }
        let mut template = Template::compile(job.path).map_err(|e| broken(&e.reason()))?;
        if budget::recursion(&template).is_some() {
            return Err(broken(&"it calls a partial inside of an inline partial"));
        }
        budget::count_steps(&mut template);
        template.name = Some(name.to_owned());
        self.own.insert(name.to_owned());
        self.registry.register_template(name, template);
        Ok(())
    }
}

/// Most paths are plain text without expressions.
fn has_expressions(path: &str) -> bool {
    path.contains("{{")
}

/// Ends the text with exactly one newline and removes trailing blanks, which blocks leave behind.
fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    for line in text.trim_end().lines() {
        out.push_str(line.trim_end_matches([' ', '\t']));
        out.push('\n');
    }
    out
}
