//! `generate --eml-from`: a message to each user, with their files attached.

use crate::clients::Scope;
use crate::codes;
use crate::finding::Finding;
use crate::model::Text;
use crate::output::Bundle;

use super::args::{GenerateArgs, SubjectArgs};
use super::session::Session;

#[cfg(feature = "zip")]
use crate::output::message::{MEDIA_TYPE, Sender, compose, is_draft};
#[cfg(feature = "zip")]
use crate::output::stream::Packer;

/// The sender of messages. There are no messages without `--eml-from` or without the feature.
#[derive(Default)]
pub struct Messages {
    #[cfg(feature = "zip")]
    sender: Option<Sender>,
    #[cfg(feature = "zip")]
    level: u32,
}

/// Makes messages in one worker.
pub struct Composer<'m> {
    #[cfg(feature = "zip")]
    sender: Option<&'m Sender>,
    #[cfg(feature = "zip")]
    packer: Packer,
    #[cfg(not(feature = "zip"))]
    messages: std::marker::PhantomData<&'m Messages>,
}

/// The subject's arguments, plus the targets that write messages if `--eml-from` is given.
pub fn subject(args: &GenerateArgs) -> SubjectArgs {
    #[cfg(feature = "zip")]
    if args.message.eml_from.is_some() {
        return SubjectArgs { also: Some(MEDIA_TYPE), ..args.subject.clone() };
    }
    args.subject.clone()
}

#[cfg(not(feature = "zip"))]
impl Messages {
    pub fn open(_: &GenerateArgs, session: &Session, findings: &mut Vec<Finding>) -> Self {
        if let Some(target) = drafting(session) {
            let message = format!("{target} needs what packs zips, and this mailwright has none");
            findings.push(Finding::new(codes::MESSAGE_WITHOUT_SENDER, message).target(target));
        }
        Self::default()
    }

    pub fn composer(&self) -> Composer<'_> {
        Composer { messages: std::marker::PhantomData }
    }

    pub fn unused(&self, _: &[Bundle]) -> Option<Finding> {
        None
    }
}

#[cfg(not(feature = "zip"))]
impl Composer<'_> {
    pub fn compose(&mut self, _: &mut Bundle, _: Option<&Text>) -> Vec<Finding> {
        let _ = self.messages;
        Vec::new()
    }
}

#[cfg(feature = "zip")]
impl Messages {
    /// Reads the options. Reports a target that writes messages if there is no sender.
    pub fn open(args: &GenerateArgs, session: &Session, findings: &mut Vec<Finding>) -> Self {
        let Some(from) = args.message.eml_from.clone() else {
            if let Some(target) = drafting(session) {
                let message =
                    format!("{target} writes messages, and nobody is named who sends them");
                findings.push(
                    Finding::new(codes::MESSAGE_WITHOUT_SENDER, message)
                        .target(target)
                        .help("--eml-from \"IT <it@example.org>\" names the sender"),
                );
            }
            return Self::default();
        };
        Self {
            sender: Some(Sender { from, date: args.message.eml_date }),
            level: args.archive.zip_level,
        }
    }

    pub fn composer(&self) -> Composer<'_> {
        Composer { sender: self.sender.as_ref(), packer: Packer::new(self.level) }
    }

    /// A finding if messages were requested but no user gets one.
    pub fn unused(&self, bundles: &[Bundle]) -> Option<Finding> {
        self.sender.as_ref()?;
        let mut files = bundles.iter().flat_map(|bundle| &bundle.files);
        (!files.any(|file| is_draft(&file.media_type))).then(|| {
            let message = "no person was named, so there is no message";
            Finding::new(codes::MESSAGE_UNUSED, message)
                .help("give an address or --users; leave --eml-from out otherwise")
        })
    }
}

#[cfg(feature = "zip")]
impl Composer<'_> {
    /// Turns the drafts of a finished bundle into messages.
    pub fn compose(&mut self, bundle: &mut Bundle, name: Option<&Text>) -> Vec<Finding> {
        match self.sender {
            Some(sender) => compose(bundle, name, sender, &mut self.packer),
            None => Vec::new(),
        }
    }
}

/// The first selected target that writes messages.
fn drafting(session: &Session) -> Option<&str> {
    let drafts = |media_type: &str| media_type.split(';').next() == Some("message/rfc822");
    let selected = session.targets.iter().filter(|t| session.selected.contains(&t.name));
    let mut drafting = selected
        .filter(|t| t.files.iter().any(|f| f.scope == Scope::Account && drafts(&f.media_type)));
    drafting.next().map(|target| target.name.as_str())
}
