//! Manifests, templates, their texts and the schemas: what one of them claims of another is true.

use std::collections::BTreeSet;
use std::fs;

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{Path, Template};
use mailwright::internals::clients::{OptionDefault, Status, Target, Targets};
use mailwright::internals::embedded;
use mailwright::internals::format::FileFormat;
use mailwright::internals::model::Side;
use mailwright::internals::render::lint;

use crate::support::{files_below, root};
use crate::{TARGETS, assert_none};

/// Not in any golden tree: only for Exchange servers of one's own, which no fixture has.
const NOT_GOLDEN: [&str; 1] = ["apple-exchange-ews"];

/// Files with a grammar that neither a schema nor a reader judges.
const NO_JUDGE: [(&str, &str); 4] = [
    // For people: read back by structure, and every planned value has to stand in it.
    ("guide", "guide.html.hbs"),
    ("landing", "index.html.hbs"),
    // A picture that a test scans.
    ("landing", "profile.svg.hbs"),
    // A picture; what it is a picture of is judged as thunderbird-qr.json.
    ("thunderbird-mobile", "thunderbird-qr.svg.hbs"),
];

/// What every text of a target is written in.
const LANGUAGES: [&str; 9] = ["de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt"];

#[test]
fn every_target_loads_without_findings() {
    let targets = Targets::new(None).unwrap();
    let mut findings = Vec::new();
    for name in targets.names() {
        assert!(targets.get(name, &mut findings).is_some(), "{name}: {findings:?}");
    }
    assert_none(&findings.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert!(TARGETS.len() > 10);
}

#[test]
fn every_target_says_what_it_is_for_and_how_that_is_known() {
    let mut wrong = Vec::new();
    for target in TARGETS.iter() {
        let name = &target.name;
        for (what, text) in
            [("title", &target.title), ("delivery", &target.delivery), ("spec", &target.spec)]
        {
            if text.trim().is_empty() {
                wrong.push(format!("{name} has no {what}"));
            }
        }
        if target.clients.is_empty() {
            wrong.push(format!("{name} has no [[client]]"));
        }
        for client in target.clients.iter().filter(|c| c.evidence.trim().is_empty()) {
            wrong.push(format!("{name}: {} has no evidence", client.name));
        }
    }
    assert_none(&wrong);
}

#[test]
fn every_target_is_in_a_golden_tree() {
    let golden = files_below(&root().join("tests/golden"));
    let made: BTreeSet<&str> = golden.keys().flat_map(|path| path.split('/')).collect();
    let names = || TARGETS.iter().map(|t| t.name.as_str());
    let missing: Vec<_> = names().filter(|name| !made.contains(name)).collect();
    assert_eq!(missing, NOT_GOLDEN);
}

#[test]
fn every_file_with_a_grammar_has_a_schema_or_a_reader() {
    let mut without = BTreeSet::new();
    for target in TARGETS.iter() {
        for file in target.files.iter().filter(|f| !matches!(f.format, FileFormat::Text(_))) {
            if file.schema.is_none() && file.reader.is_none() {
                without.insert((target.name.as_str(), file.template.as_str()));
            }
        }
    }
    assert_eq!(without, BTreeSet::from(NO_JUDGE));
}

/// `tests/clients/wine.rs`, or with `::` and the name of the test behind it.
fn is_test(name: &str) -> bool {
    let (file, test) = name.split_once("::").unwrap_or((name, ""));
    let Ok(text) = fs::read_to_string(root().join(file)) else { return false };
    let last = test.rsplit("::").next().unwrap_or_default();
    test.is_empty() || text.contains(&format!("fn {last}("))
}

#[test]
fn a_proven_client_names_the_test_that_saw_it_work() {
    let mut wrong = Vec::new();
    for target in TARGETS.iter() {
        for client in &target.clients {
            let name = format!("{}: {}", target.name, client.name);
            match &client.last_seen {
                None if client.status == Status::Proven => {
                    wrong.push(format!("{name} is proven and has no lastSeen"));
                }
                None => {}
                Some(seen) => {
                    let date: String = seen.date.chars().map(digit).collect();
                    if seen.version.is_empty() || date != "0000-00-00" {
                        wrong.push(format!("{name}: lastSeen needs a version and an ISO date"));
                    }
                    if !is_test(&seen.test) {
                        wrong.push(format!("{name}: there is no test {}", seen.test));
                    }
                }
            }
            let words = client.evidence.split(|c: char| c.is_whitespace() || ",;()".contains(c));
            for test in words.filter(|word| word.starts_with("tests/")) {
                if !is_test(test.trim_end_matches('.')) {
                    wrong.push(format!("{name}: evidence names {test}, which is not there"));
                }
            }
        }
    }
    assert_none(&wrong);
}

fn digit(c: char) -> char {
    if c.is_ascii_digit() { '0' } else { c }
}

/// Every path that a template names, with its helpers' and partials' arguments; what asks for a
/// value without escaping is in the second list.
fn paths(template: &Template, paths: &mut Vec<String>, raw: &mut Vec<String>) {
    for element in &template.elements {
        match element {
            TemplateElement::Expression(helper) | TemplateElement::HelperBlock(helper) => {
                of_helper(helper, paths, raw);
            }
            TemplateElement::HtmlExpression(helper) => raw.push(format!("{:?}", helper.name)),
            TemplateElement::DecoratorBlock(decorator)
            | TemplateElement::DecoratorExpression(decorator)
            | TemplateElement::PartialBlock(decorator)
            | TemplateElement::PartialExpression(decorator) => {
                decorator.params.iter().chain(decorator.hash.values()).for_each(|p| path(p, paths));
                if let Some(inner) = &decorator.template {
                    self::paths(inner, paths, raw);
                }
            }
            _ => {}
        }
    }
}

fn of_helper(helper: &HelperTemplate, all: &mut Vec<String>, raw: &mut Vec<String>) {
    path(&helper.name, all);
    helper.params.iter().chain(helper.hash.values()).for_each(|p| path(p, all));
    for inner in [&helper.template, &helper.inverse].into_iter().flatten() {
        paths(inner, all, raw);
    }
}

fn path(parameter: &Parameter, all: &mut Vec<String>) {
    match parameter {
        Parameter::Path(Path::Relative((_, raw))) => all.push(raw.clone()),
        Parameter::Subexpression(inner) => {
            if let TemplateElement::Expression(helper) = inner.as_element() {
                of_helper(helper, all, &mut Vec::new());
            }
        }
        _ => {}
    }
}

/// Everything that the templates and paths of a target name.
fn named_by(target: &Target) -> BTreeSet<String> {
    let sources = target.templates.values().map(|t| &*t.text);
    let file_paths = target.files.iter().map(|f| f.path.as_str());
    let mut all = Vec::new();
    for text in sources.chain(file_paths) {
        let template = Template::compile(text).unwrap_or_else(|e| panic!("{}: {e}", target.name));
        paths(&template, &mut all, &mut Vec::new());
    }
    all.iter()
        .map(|p| p.trim_start_matches("../").trim_start_matches("@root.").to_owned())
        .collect()
}

#[test]
fn no_template_asks_for_a_value_without_escaping() {
    let mut wrong = Vec::new();
    for target in TARGETS.iter() {
        for (name, source) in &target.templates {
            wrong.extend(lint(source).iter().map(ToString::to_string));
            let template = Template::compile(&source.text).unwrap();
            let mut raw = Vec::new();
            paths(&template, &mut Vec::new(), &mut raw);
            wrong.extend(raw.iter().map(|raw| format!("{}/{name}: {raw} is raw", target.name)));
        }
    }
    assert_none(&wrong);
}

#[test]
fn what_templates_name_is_declared_in_the_manifest() {
    let mut wrong = Vec::new();
    for target in TARGETS.iter() {
        let sides = [Side::Incoming, Side::Outgoing].into_iter().filter_map(|s| target.side(s));
        let words: BTreeSet<&String> = sides
            .flat_map(|side| &side.words)
            .flat_map(|w| {
                w.server_type.keys().chain(w.socket_type.keys()).chain(w.authentication.keys())
            })
            .collect();
        for path in named_by(target) {
            let Some((what, name)) = path.rsplit_once('.') else { continue };
            let declared = match what {
                "option" => target.options.contains_key(name),
                "uuid" => target.uuids.iter().any(|uuid| uuid == name),
                "text" => target.texts["en"].contains_key(name),
                _ if what.split('.').next_back() == Some("word") => {
                    words.contains(&name.to_owned())
                }
                _ => true,
            };
            if !declared {
                wrong.push(format!("{}: {path} is not declared", target.name));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn what_a_manifest_declares_is_named_by_a_template() {
    let mut wrong = Vec::new();
    for target in TARGETS.iter() {
        let named = named_by(target);
        let flags = target.files.iter().filter_map(|f| f.only_with.as_ref());
        let flags: BTreeSet<&String> = flags.collect();
        for (name, option) in &target.options {
            let used = match option.default {
                OptionDefault::Flag(_) => flags.contains(name),
                OptionDefault::Text(_) => false,
            };
            if !used && !named.contains(&format!("option.{name}")) {
                wrong.push(format!("{}: nothing uses option {name}", target.name));
            }
            if option.help.trim().is_empty() {
                wrong.push(format!("{}: option {name} has no help", target.name));
            }
        }
        for uuid in target.uuids.iter().filter(|uuid| !named.contains(&format!("uuid.{uuid}"))) {
            wrong.push(format!("{}: nothing uses uuid {uuid}", target.name));
        }
    }
    assert_none(&wrong);
}

/// The `{slots}` of a text.
fn slots(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(slot, _)| slot)).collect()
}

#[test]
fn every_language_of_a_target_has_every_text_with_the_same_slots() {
    let mut wrong = Vec::new();
    for target in TARGETS.iter().filter(|t| !t.texts.is_empty()) {
        let languages: Vec<_> = target.texts.keys().map(String::as_str).collect();
        assert_eq!(languages, LANGUAGES, "{}", target.name);
        let english = &target.texts["en"];
        for (language, texts) in &target.texts {
            let name = format!("{}/{language}", target.name);
            for key in english.keys().filter(|key| !texts.contains_key(*key)) {
                wrong.push(format!("{name} has no {key}"));
            }
            for (key, text) in texts {
                match english.get(key) {
                    None => wrong.push(format!("{name}: {key} is not in English")),
                    Some(other) if slots(other) != slots(text) => {
                        wrong.push(format!("{name}: {key} has other slots: {text}"));
                    }
                    Some(_) if text.trim().is_empty() => {
                        wrong.push(format!("{name}: {key} is empty"))
                    }
                    Some(_) => {}
                }
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn every_schema_is_valid_and_some_manifest_uses_it() {
    let mut used: BTreeSet<String> =
        TARGETS.iter().flat_map(|t| t.files.iter().filter_map(|f| f.schema.clone())).collect();
    let mut all = BTreeSet::new();
    for (file, text) in embedded::files_below("schemas") {
        all.insert(file.to_owned());
        if file.ends_with(".xsd") {
            let document = uppsala::parse(text).unwrap_or_else(|e| panic!("{file}: {e}"));
            let schema = uppsala::XsdValidator::from_schema(&document);
            assert!(schema.is_ok(), "{file}: {:?}", schema.err());
            let tree = FileFormat::Xml.parse(text).unwrap().expect("XML has a grammar");
            let imports = tree.children_named("xs:import");
            used.extend(imports.filter_map(|i| Some(i.attribute("schemaLocation")?.to_owned())));
        } else {
            let schema: serde_json::Value = serde_json::from_str(text).unwrap();
            assert!(schema.get("$schema").is_some(), "{file} does not say which draft it is");
            assert!(jsonschema::meta::is_valid(&schema), "{file} is no JSON Schema");
            jsonschema::validator_for(&schema).unwrap_or_else(|e| panic!("{file}: {e}"));
        }
    }
    assert_eq!(all, used);
}
