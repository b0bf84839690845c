//! Pages for people, made when somebody asks: there are few people, and many languages.

use std::sync::Arc;

use crate::bundle::Builder;
use crate::finding::Finding;
use crate::plan::{self, Job};
use crate::render::Recipient;
use crate::settings::Provider;

use super::answers::is_personal;
use super::{AnswerBuilder, DomainOwner};

/// Which page of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// The one that the route leads to.
    Usual,
    /// What was typed is no address.
    Wrong,
    /// No settings are known for it.
    Unknown,
}

/// A request for a page.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest<'a> {
    /// The number of the resource.
    pub number: usize,
    pub page: PageKind,
    pub language: &'a str,
    pub owner: DomainOwner,
    pub recipient: &'a Recipient<'a>,
}

impl AnswerBuilder {
    /// The page, judged; none where the target has no such page.
    pub fn page(
        &self,
        builder: &mut Builder,
        provider: &Arc<Provider>,
        asked: PageRequest<'_>,
    ) -> Result<Option<Vec<u8>>, Vec<Finding>> {
        let (subject, _) = self.subject(provider, asked.owner, asked.recipient)?;
        let subjects = [subject];
        let languages = [asked.language.to_owned()];
        let request = plan::Request { languages: &languages, ..self.request(&subjects) };
        let resource = &self.routes.resources[asked.number];
        let target = &self.targets[resource.target];
        let is_wanted = |job: &Job<'_>| {
            if job.is_included() || job.target.name != target.name {
                return false;
            }
            let personal = is_personal(job.audience);
            let name = match asked.page {
                PageKind::Usual => {
                    return personal == is_personal(asked.recipient.audience())
                        && resource.file(personal) == Some(job.file.number);
                }
                PageKind::Wrong => "wrong",
                PageKind::Unknown => "unknown",
            };
            !personal && job.file.variant.as_deref() == Some(name)
        };
        let built = builder.files(&request, &is_wanted, &mut |artifact| artifact.bytes)?;
        match built.files.into_iter().next() {
            // A page that cannot hold its values is an error here: somebody waits for it.
            None if built.left_out => Err(built.findings),
            page => Ok(page),
        }
    }
}
