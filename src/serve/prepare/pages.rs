//! Pages for people, made when somebody asks: there are few people, and many languages.

use std::sync::Arc;

use crate::finding::{Finding, any_error};
use crate::plan::{self, Audience, Job};
use crate::settings::Provider;

use super::AnswerBuilder;
use super::make::{For, Maker, subject};

/// Which page of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The one that the route leads to.
    Usual,
    /// What was typed is no address.
    Wrong,
    /// No settings are known for it.
    Unknown,
}

/// A page that somebody asks for.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub slot: usize,
    pub page: Page,
    pub language: &'a str,
    pub of: For<'a>,
}

impl Maker {
    /// The page, judged; none where the target has no such page.
    pub fn page(
        &mut self,
        kitchen: &AnswerBuilder,
        provider: &Arc<Provider>,
        question: Question<'_>,
    ) -> Result<Option<Vec<u8>>, Vec<Finding>> {
        let mut findings = Vec::new();
        let subjects = [subject(kitchen, provider, question.of, &mut findings)];
        if any_error(&findings) {
            return Err(findings);
        }
        let languages = [question.language.to_owned()];
        let request = plan::Request { languages: &languages, ..kitchen.request(&subjects) };
        let slot = &kitchen.routes.resources[question.slot];
        let target = &kitchen.targets[slot.target];
        let is_wanted = |job: &Job<'_>| {
            if job.is_included() || job.target.name != target.name {
                return false;
            }
            let personal = matches!(job.audience, Audience::Account { .. });
            let file = if personal { slot.personal } else { slot.shared };
            let name = match question.page {
                Page::Usual => {
                    return personal == question.wants_person() && file == Some(job.file.number);
                }
                Page::Wrong => "wrong",
                Page::Unknown => "unknown",
            };
            !personal && job.file.variant.as_deref() == Some(name)
        };
        let built = self.builder.files(&request, &is_wanted, &mut |artifact| artifact.bytes)?;
        match built.files.into_iter().next() {
            // A page that cannot hold its values is an error here: somebody waits for it.
            None if built.left_out => Err(built.findings),
            page => Ok(page),
        }
    }
}

impl Question<'_> {
    fn wants_person(&self) -> bool {
        matches!(self.of, For::Account(..))
    }
}
