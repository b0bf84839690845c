//! `--mdm`: the management system, its placeholders, and the targets for it.

use crate::clients::Target;
use crate::codes;
use crate::finding::Finding;
use crate::import::has_variable;
use crate::model::Text;
use crate::settings::{CUSTOM, Mdm, Subject};

use super::args::MdmArgs;

/// The preset, overridden by the admin's own placeholders.
pub fn mdm(args: &MdmArgs, findings: &mut Vec<Finding>) -> Option<Mdm> {
    let name = args.mdm.as_deref()?;
    let address = token("--mdm-address", args.mdm_address.as_deref(), findings);
    let sign_in = token("--mdm-username", args.mdm_username.as_deref(), findings);
    let display_name = token("--mdm-name", args.mdm_name.as_deref(), findings);
    let mut mdm = if name == CUSTOM {
        if args.mdm_address.is_none() {
            let finding =
                Finding::new(codes::MDM_ADDRESS, "--mdm custom has no placeholders of its own");
            findings.push(finding.help(
                "give the one that your system has for a person's address, such as --mdm-address '%mail%'; \
                 --mdm-username and --mdm-name for the others",
            ));
        }
        Mdm {
            name: CUSTOM.to_owned(),
            title: "the device management system".to_owned(),
            address: address.clone()?,
            username: None,
            local_part: None,
            display_name: None,
            sign_in: None,
            delivery: None,
        }
    } else {
        Mdm::preset(name).map_err(|mut own| findings.append(&mut own)).ok()?
    };
    mdm.address = address.unwrap_or(mdm.address);
    mdm.sign_in = sign_in;
    mdm.display_name = display_name.or(mdm.display_name);
    Some(mdm)
}

/// Parses a placeholder. It must be recognisable: otherwise the file could be signed by mistake, or
/// the placeholder could be taken for a user's own value.
fn token(flag: &str, text: Option<&str>, findings: &mut Vec<Finding>) -> Option<Text> {
    let text = text?;
    let wrong = |why: String| {
        Finding::new(codes::MDM_PLACEHOLDER, format!("{flag}: {why}")).help(
            "write it as the system has it: $NAME, $NAME$, %NAME%, {NAME}, {{NAME}} or ${NAME}",
        )
    };
    match Text::new(text) {
        Ok(token) if has_variable(text) => return Some(token),
        Ok(_) => {
            findings.push(wrong(format!("\"{}\" is not like a placeholder", text.escape_debug())));
        }
        Err(why) => findings.push(wrong(why.to_string())),
    }
    None
}

/// The targets that are generated if none is named.
pub fn of_themselves(targets: &[Target], mdm: Option<&Mdm>) -> Vec<String> {
    let wanted = |target: &&Target| match mdm {
        Some(_) => target.is_managed(),
        None => !target.opt_in,
    };
    targets.iter().filter(wanted).map(|target| target.name.clone()).collect()
}

/// Reports a system that does not suit the targets, and accounts, which are not used with it.
pub fn told(
    mdm: Option<&Mdm>,
    selected: &[String],
    targets: &[Target],
    subjects: &[Subject],
    findings: &mut Vec<Finding>,
) {
    let managed = || targets.iter().filter(|target| target.is_managed());
    let Some(mdm) = mdm else {
        for target in managed().filter(|target| selected.contains(&target.name)) {
            let message =
                format!("{} is for a device management system, and none is named", target.name);
            findings.push(
                Finding::new(codes::MDM_MISSING, message)
                    .target(&target.name)
                    .help("--mdm SYSTEM names it, such as --mdm intune"),
            );
        }
        return;
    };
    if !managed().any(|target| selected.contains(&target.name)) {
        let message = format!("no target that is made has a file for {} to fill in", mdm.title);
        let finding = Finding::new(codes::MDM_WITHOUT_FILE, message);
        findings.push(finding.help(
            "leave --target out, or name such a target as well; `mailwright targets` lists them",
        ));
    }
    for address in subjects.iter().filter_map(Subject::address) {
        let message = format!(
            "the profile is for everybody at {}; nothing in it is {address}'s",
            address.domain()
        );
        findings.push(Finding::new(codes::MDM_FOR_EVERYBODY, message).subject(address.as_str()));
    }
}
