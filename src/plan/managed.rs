//! Findings about a file that a device management system fills in.

use crate::clients::Target;
use crate::codes;
use crate::finding::Finding;
use crate::model::{Hostname, Server};
use crate::settings::{Mdm, MdmUsername};

use super::audience::Audience;
use super::job::PlannedServer;

/// The user name for a server, in a managed file.
pub(super) fn sign_in(server: &Server, audience: Audience<'_>) -> Option<MdmUsername> {
    let Audience::Managed { domain, mdm, all_domains } = audience else { return None };
    let domain: Option<&Hostname> = (!all_domains).then_some(domain);
    mdm.sign_in(&server.username, domain)
}

/// What the admin has to know about the file, or why it cannot be generated: no user is asked for a
/// user name there.
pub(super) fn notes(
    target: &Target,
    mdm: &Mdm,
    audience: Audience<'_>,
    servers: &[&PlannedServer<'_>],
) -> Result<Vec<Finding>, Box<Finding>> {
    let delivery = mdm.delivery.as_ref().map(|text| format!("; {text}")).unwrap_or_default();
    let message =
        format!("{}: {} fills it in, so do not sign it{delivery}", target.name, mdm.title);
    let mut said = vec![Finding::new(codes::MDM_FILLS_IN, message).target(&target.name)];
    for planned in servers.iter().filter(|planned| planned.signs_in()) {
        let (server, pattern) = (planned.server, &planned.server.username);
        match sign_in(server, audience) {
            Some(MdmUsername::Known(_)) => {}
            Some(MdmUsername::Guessed(name)) => {
                let message = format!(
                    "{}: {name} stands for the user name \"{pattern}\" of the {} server, and is right only where \
                     people have that name in {} too",
                    target.name, server.server_type, mdm.title
                );
                let finding =
                    Finding::new(codes::MDM_USERNAME_GUESSED, message).target(&target.name);
                said.push(finding.help("--mdm-username names the placeholder that is"));
            }
            None => {
                let message = format!(
                    "{}: no placeholder of {} is known for the user name \"{pattern}\" of the {} server",
                    target.name, mdm.title, server.server_type
                );
                let finding = Finding::new(codes::MDM_USERNAME, message).target(&target.name);
                let help = "give the one that people sign in with: --mdm-username";
                return Err(Box::new(finding.help(help)));
            }
        }
    }
    Ok(said)
}
