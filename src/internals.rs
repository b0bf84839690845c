//! What the project's own tests, benchmarks and fuzz targets use beyond the API. Nothing here is
//! promised: it changes without notice.

pub mod authorities {
    pub use crate::authorities::Authorities;
}

pub mod bundle {
    pub use crate::bundle::Builder;
}

pub mod check {
    pub use crate::check::{
        Judges, PatternJudge, advice, check, defects, encoding, file, fix, matrix, schema,
        signature,
    };
}

pub mod cli {
    pub use crate::cli::{definition, main};
}

pub mod clients {
    pub use crate::clients::{Client, OptionDefault, Status, Target, Targets};
}

pub mod codes {
    pub use crate::codes::*;
}

pub mod embedded {
    pub use crate::embedded::*;
}

pub mod finding {
    pub use crate::finding::{Finding, Severity, Source, any_error};
}

pub mod format {
    pub use crate::format::{FileFormat, Tree, safe_component};
}

pub mod import {
    pub use crate::import::{
        Defect, ReadConfig, ReadServer, Reader, envelope, has_variable, provider_file, recognise,
    };
}

pub mod model {
    pub use crate::model::*;
}

#[cfg(feature = "net")]
pub mod net {
    pub use crate::net::{HostOverride, Net};
}

pub mod output {
    #[cfg(feature = "zip")]
    pub use crate::output::write_zip;
    pub use crate::output::{Bundle, Error, Options, OutFile, check_out, write_dirs};
}

pub mod plan {
    pub use crate::plan::{Audience, Job, Plan, Request, plan};
}

pub mod render {
    pub use crate::render::{Artifact, Recipient, Renderer, lint, pattern};
}

#[cfg(feature = "serve")]
pub mod serve {
    pub use crate::serve::{
        AnswerBuilder, DomainOwners, DomainRules, InMemoryServer, ProxyHeader, ServeOptions,
        Sources, Timeouts, read_proxy_header,
    };
}

pub mod settings {
    pub use crate::settings::{
        CUSTOM, Catalog, Choice, ListFolder, Mdm, Organization, Override, Project, Subject, Who,
        read_provider, resolve,
    };
}

#[cfg(feature = "sign")]
pub mod sign {
    pub use crate::sign::{Pem, Signer};
}

#[cfg(feature = "ldap")]
pub mod users {
    pub mod ldap {
        pub use crate::users::ldap::{BindMethod, Directory, Url};
    }
}

#[cfg(feature = "verify")]
pub mod verify {
    pub use crate::verify::{
        Credentials, Mechanism, Options, Probe, RoundTripSetup, ServerReport, StepOutcome,
        StepSequence, each, oauth2, rehearse, round_trip, test,
    };
}
