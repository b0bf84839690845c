//! The options of every target.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clients::OptionDefault;
use crate::codes;
use crate::finding::Finding;
use crate::settings::OptionValue;

use super::request::Request;

pub(super) type ResolvedOptions = BTreeMap<String, Arc<BTreeMap<String, OptionDefault>>>;

/// The options of every target: the user's values, else the defaults.
pub(super) fn resolve_options(
    request: &Request<'_>,
    findings: &mut Vec<Finding>,
) -> ResolvedOptions {
    let mut all = BTreeMap::new();
    for target in request.targets {
        let mut values: BTreeMap<String, OptionDefault> =
            target.options.iter().map(|(name, o)| (name.clone(), o.default.clone())).collect();
        for (name, value) in request.options.get(&target.name).into_iter().flatten() {
            match (values.get(name), value) {
                (Some(OptionDefault::Flag(_)), OptionValue::Flag(flag)) => {
                    values.insert(name.clone(), OptionDefault::Flag(*flag));
                }
                (Some(OptionDefault::Text(_)), OptionValue::Text(text)) => {
                    values.insert(name.clone(), OptionDefault::Text(text.as_str().to_owned()));
                }
                (Some(default), _) => findings.push(
                    Finding::new(
                        codes::INVALID_OPTION,
                        format!(
                            "option {name} of {} is {}",
                            target.name,
                            match default {
                                OptionDefault::Flag(_) => "true or false",
                                OptionDefault::Text(_) => "a text",
                            }
                        ),
                    )
                    .target(&target.name),
                ),
                (None, _) => {
                    let known = target.options.keys().map(String::as_str);
                    let replaced = target.replaced_options.get(name);
                    let help = match crate::document::closest(name, known.clone()) {
                        _ if replaced.is_some() => replaced.cloned().unwrap_or_default(),
                        Some(near) => format!("did you mean \"{near}\"?"),
                        None if target.options.is_empty() => "it has none".to_owned(),
                        None => format!("it has {}", known.collect::<Vec<_>>().join(", ")),
                    };
                    findings.push(
                        Finding::new(
                            codes::UNKNOWN_OPTION,
                            format!("{} has no option {name}", target.name),
                        )
                        .target(&target.name)
                        .help(help),
                    );
                }
            }
        }
        all.insert(target.name.clone(), Arc::new(values));
    }
    all
}
