//! One file for one subject.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clients::{FileSpec, OptionDefault, Target};
use crate::codes::{self, Code};
use crate::model::{Authentication, Protocol, Secret, Server, ServerType, Side};
use crate::settings::{Organization, Subject};

use super::audience::Audience;

/// One file for one subject.
#[derive(Clone)]
pub struct Job<'a> {
    /// The target into whose folder it is written.
    pub folder_target: &'a Target,
    /// The target that describes it. This differs from `folder_target` for an included file.
    pub target: &'a Target,
    pub file: &'a FileSpec,
    /// A template for its path relative to the target's folder.
    pub path: &'a str,
    pub subject: &'a Subject,
    pub audience: Audience<'a>,
    pub language: String,
    pub protocol: Protocol,
    pub incoming: Vec<PlannedServer<'a>>,
    pub outgoing: Vec<PlannedServer<'a>>,
    pub options: Arc<BTreeMap<String, OptionDefault>>,
    pub organization: &'a Organization,
    pub password: Option<&'a Secret>,
    /// Files of other targets that are delivered with it, if their account can sign in.
    pub included: Arc<Vec<IncludedFile<'a>>>,
    /// What the admin has to know when delivering the file: a finding's code and its message.
    pub notes: Vec<(Code, String)>,
    /// The files included in the same folder whose digests belong in DNS. These jobs have no such
    /// files themselves.
    pub digested: Arc<Vec<Job<'a>>>,
}

/// What a file can say about another target's file that is delivered with it.
#[derive(Debug, Clone)]
pub struct IncludedFile<'a> {
    pub target: &'a Target,
    /// The types of its incoming servers.
    pub types: Vec<ServerType>,
}

impl Job<'_> {
    /// Whether a device management system will change the file. That would break a signature, so
    /// such a file is never signed. `import::has_variable` recognises one by its text.
    pub fn is_managed(&self) -> bool {
        matches!(self.audience, Audience::Managed { .. })
    }

    /// Whether the file is included in another target's folder.
    pub fn is_included(&self) -> bool {
        self.folder_target.name != self.target.name
    }

    /// Whether each side that it describes has a server that accepts one of the planned
    /// authentication methods.
    pub fn can_sign_in(&self) -> bool {
        [Side::Incoming, Side::Outgoing].into_iter().all(|side| {
            let servers = self.servers(side);
            servers.is_empty() || servers.iter().any(|planned| !planned.refused)
        })
    }

    /// Whether it is useless if nobody requested it.
    pub fn is_useless(&self) -> bool {
        is_useless(self.target, self.notes.iter().map(|(code, _)| *code))
    }

    pub fn servers(&self, side: Side) -> &[PlannedServer<'_>] {
        match side {
            Side::Incoming => &self.incoming,
            Side::Outgoing => &self.outgoing,
        }
    }
}

/// A server as one client gets it.
#[derive(Debug, Clone)]
pub struct PlannedServer<'a> {
    pub server: &'a Server,
    /// Resolved, or with the placeholders that the client replaces itself.
    pub hostname: String,
    /// `None` if it is not known yet and the client does not replace placeholders.
    pub username: Option<String>,
    /// For type and socketType: the client's field → its keyword.
    pub words: BTreeMap<String, String>,
    /// The authentication methods for the client in order of preference, each with its keywords.
    pub authentication: Vec<(Authentication, BTreeMap<String, String>)>,
    /// Whether the provider refuses all of them.
    pub refused: bool,
}

impl PlannedServer<'_> {
    /// Whether the client authenticates at this server.
    pub fn signs_in(&self) -> bool {
        self.authentication.iter().any(|(way, _)| *way != Authentication::None)
    }
}

/// Whether a file that nobody requested is useless, because nobody can sign in with it. `codes` are
/// those of the findings about it.
pub(super) fn is_useless(target: &Target, mut codes: impl Iterator<Item = Code>) -> bool {
    target.opt_in && codes.any(|code| code == codes::CANNOT_SIGN_IN)
}
