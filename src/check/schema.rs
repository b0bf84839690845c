//! Checks a file against its schema in `schemas/`.

use std::collections::BTreeMap;

use jsonschema::Validator;
use uppsala::XsdValidator;

use crate::codes;
use crate::embedded;
use crate::finding::{Finding, Source};
use crate::format::{FileFormat, Tree};
use crate::render::Artifact;

/// Compiled schemas, each compiled when a file first needs it: an XSD costs 0.1 ms, a JSON Schema
/// up to 1 ms.
///
/// jsonschema matches a pattern that is one anchored sequence of characters without a regular
/// expression, whose compilation costs more than the rest of a schema. All our patterns are of this
/// form.
#[derive(Default)]
pub struct Schemas {
    xsd: BTreeMap<String, Xsd>,
    json: BTreeMap<String, Validator>,
}

struct Xsd {
    validator: XsdValidator,
    /// (namespace, file) of every `xs:import` in it.
    imports: Vec<(String, String)>,
}

/// Problems with their line and column.
type SchemaProblems = Vec<(String, Option<(usize, usize)>)>;

impl Schemas {
    fn xsd(
        &mut self,
        schema: &Source,
        text: &str,
        tree: Option<&Tree>,
    ) -> Result<SchemaProblems, String> {
        if !self.xsd.contains_key(&schema.name) {
            let document = uppsala::parse(&schema.text).map_err(|e| e.to_string())?;
            let validator = XsdValidator::from_schema(&document).map_err(|e| e.to_string())?;
            let xsd = Xsd { validator, imports: imports(&schema.text) };
            self.xsd.insert(schema.name.clone(), xsd);
        }
        let document = uppsala::parse(text).map_err(|e| e.to_string())?;
        let Xsd { validator, imports } = &self.xsd[&schema.name];
        let errors = validator.validate(&document);
        let mut complaints: SchemaProblems =
            errors.into_iter().map(|e| (e.message.clone(), e.line.zip(e.column))).collect();
        // uppsala 0.12 does not follow xs:import, so a document with two namespaces is validated in
        // two parts: the outermost element of an imported namespace is treated as a separate
        // document.
        for (namespace, imported) in imports.clone() {
            let path = format!("schemas/{imported}");
            let part = embedded::file(&path).ok_or(format!("there is no {path}"))?;
            let part = Source { name: path, text: part.to_owned().into() };
            let Some(element) = tree.and_then(|t| in_namespace(t, &namespace)) else {
                continue;
            };
            complaints.extend(
                self.xsd(&part, &text[element.span.clone()], None)?
                    .into_iter()
                    .map(|(m, _)| (m, None)),
            );
        }
        Ok(complaints)
    }

    fn json(
        &mut self,
        schema: &Source,
        value: &serde_json::Value,
    ) -> Result<SchemaProblems, String> {
        if !self.json.contains_key(&schema.name) {
            let text: serde_json::Value =
                serde_json::from_str(&schema.text).map_err(|e| e.to_string())?;
            let validator = jsonschema::validator_for(&text).map_err(|e| e.to_string())?;
            self.json.insert(schema.name.clone(), validator);
        }
        let errors = self.json[&schema.name].iter_errors(value);
        Ok(errors.map(|e| (format!("{}: {e}", e.instance_path()), None)).collect())
    }
}

/// (namespace, file) of every `xs:import` in a schema.
fn imports(schema: &str) -> Vec<(String, String)> {
    if !schema.contains("<xs:import") {
        return Vec::new();
    }
    let Ok(Some(tree)) = FileFormat::Xml.parse(schema) else { return Vec::new() };
    tree.children_named("xs:import")
        .filter_map(|import| {
            let namespace = import.attribute("namespace")?.to_owned();
            Some((namespace, import.attribute("schemaLocation")?.to_owned()))
        })
        .collect()
}

fn in_namespace<'a>(tree: &'a Tree, namespace: &str) -> Option<&'a Tree> {
    if tree.attribute("xmlns") == Some(namespace) {
        return Some(tree);
    }
    tree.children.iter().find_map(|child| in_namespace(child, namespace))
}

/// `tree` is the parsed file, if its format has a grammar.
pub(super) fn check(
    schemas: &mut Schemas,
    artifact: &Artifact<'_>,
    tree: Option<&Tree>,
) -> Vec<Finding> {
    let Some(name) = &artifact.job.file.schema else { return Vec::new() };
    let schema = &artifact.job.target.schemas[name];
    let kind = &artifact.job.file.format;
    let complaints = if name.ends_with(".xsd") {
        schemas.xsd(schema, &artifact.text, tree)
    } else {
        match tree.and_then(|tree| kind.to_json(tree)) {
            Some(value) => schemas.json(schema, &value),
            None => Err("this format has no JSON form; give it an XSD".to_owned()),
        }
    };
    match complaints {
        Err(why) => {
            vec![Finding::new(codes::BROKEN_SCHEMA, format!("{}: {why}", schema.name))]
        }
        Ok(complaints) => complaints
            .into_iter()
            .map(|(message, place)| {
                let span = place.map_or(0..0, |(line, _)| line_span(&artifact.text, line));
                Finding::new(codes::SCHEMA, format!("{message} ({})", schema.name))
                    .at(&artifact.source(), span)
            })
            .collect(),
    }
}

fn line_span(text: &str, line: usize) -> std::ops::Range<usize> {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let indent = text[start..].len() - text[start..].trim_start().len();
    let end = text[start..].find('\n').map_or(text.len(), |n| start + n);
    (start + indent).min(end)..end
}

/// Validates a document against a built-in XSD. Empty if it is valid.
pub fn validate_xsd(schema: &str, xml: &str) -> Vec<String> {
    let Some(text) = embedded::file(&format!("schemas/{schema}")) else {
        return vec![format!("there is no schema {schema}")];
    };
    let schema = Source { name: schema.to_owned(), text: text.to_owned().into() };
    let tree = FileFormat::Xml.parse(xml).ok().flatten();
    match Schemas::default().xsd(&schema, xml, tree.as_ref()) {
        Ok(complaints) => complaints.into_iter().map(|(message, _)| message).collect(),
        Err(why) => vec![why],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(schema: &serde_json::Value, found: &mut Vec<String>) {
        match schema {
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    match (key.as_str(), value) {
                        ("pattern", serde_json::Value::String(text)) => found.push(text.clone()),
                        ("patternProperties", serde_json::Value::Object(all)) => {
                            found.extend(all.keys().cloned());
                        }
                        _ => {}
                    }
                    patterns(value, found);
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|i| patterns(i, found)),
            _ => {}
        }
    }

    #[test]
    fn no_pattern_of_ours_needs_a_regular_expression() {
        let mut found = Vec::new();
        for (name, text) in embedded::files_below("schemas") {
            if name.ends_with(".json") {
                patterns(&serde_json::from_str(text).unwrap(), &mut found);
            }
        }
        assert!(found.len() > 20, "{found:?}");
        for pattern in found {
            assert!(pattern.starts_with('^') && !pattern.contains(['|', '(']), "{pattern}");
        }
    }
}
