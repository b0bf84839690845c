//! Pages for people, made when somebody asks: there are few people, and many languages.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bundle::Builder;
use crate::finding::{Finding, Source};
use crate::model::Text;
use crate::plan::{self, Audience, Job};
use crate::render::Recipient;
use crate::settings::{Catalog, OptionValue, Provider, read_provider};

use super::answers::is_personal;
use super::{AnswerBuilder, DomainOwner};

/// The option of targets whose pages can do without the name of a provider.
const NEUTRAL: &str = "neutral";

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
        self.page_with(builder, provider, asked, &self.options)
    }

    /// The page of the server's own host, which asks for the address and names no provider.
    pub fn neutral_page(
        &self,
        builder: &mut Builder,
        number: usize,
        page: PageKind,
        language: &str,
    ) -> Result<Option<Vec<u8>>, Vec<Finding>> {
        // A page is made from a provider; of this one it shows only the example of an address.
        let source = Source::new("example.com.toml", Catalog::starting_point().to_owned());
        let (provider, findings) = read_provider("example.com", &source);
        let Some(mut provider) = provider else { return Err(findings) };
        if let Some(host) = &self.server.host
            && let Ok(name) = Text::new(host.as_str())
        {
            provider.config.display_name = name;
        }
        let mut options = self.options.clone();
        for target in self.targets.iter().filter(|t| t.options.contains_key(NEUTRAL)) {
            let own = options.entry(target.name.clone()).or_default();
            own.insert(NEUTRAL.to_owned(), OptionValue::Flag(true));
        }
        let domain = provider.config.domains[0].clone();
        let owner = DomainOwner::Provider;
        let recipient = &Recipient::new(Audience::Everybody { domain: &domain }, None);
        let asked = PageRequest { number, page, language, owner, recipient };
        self.page_with(builder, &Arc::new(provider), asked, &options)
    }

    fn page_with(
        &self,
        builder: &mut Builder,
        provider: &Arc<Provider>,
        asked: PageRequest<'_>,
        options: &BTreeMap<String, BTreeMap<String, OptionValue>>,
    ) -> Result<Option<Vec<u8>>, Vec<Finding>> {
        let (subject, _) = self.subject(provider, asked.owner, asked.recipient)?;
        let subjects = [subject];
        let languages = [asked.language.to_owned()];
        let request = plan::Request { languages: &languages, options, ..self.request(&subjects) };
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
