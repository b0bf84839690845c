//! Machine-readable results of `check`: JSON, SARIF 2.1.0 and JUnit.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::json;

use crate::codes::Code;
use crate::finding::{Finding, Severity, any_error};
use crate::model::printable_lines;

/// One object with the file names and all findings.
pub fn checked_json(files: &[String], findings: &[Finding]) -> String {
    let all = json!({ "fine": !any_error(findings), "files": files, "findings": findings });
    pretty(&all)
}

/// SARIF for code hosts, which show the findings next to a change (OASIS SARIF 2.1.0).
pub fn checked_sarif(findings: &[Finding]) -> String {
    let rules: BTreeSet<Code> = findings.iter().map(|finding| finding.code).collect();
    let rules: Vec<_> = rules.into_iter().map(|code| json!({ "id": code })).collect();
    let results: Vec<_> = findings
        .iter()
        .map(|finding| {
            let mut text = finding.message.clone();
            for more in finding.hurts.iter().chain(&finding.help) {
                let _ = write!(text, "\n{more}");
            }
            let level = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            let mut result = json!({
                "ruleId": finding.code,
                "level": level,
                "message": { "text": text },
            });
            if let Some(place) = &finding.place {
                result["locations"] = json!([{ "physicalLocation": {
                    "artifactLocation": { "uri": place.source.name },
                    "region": { "startLine": place.line(), "startColumn": place.column() },
                } }]);
            }
            result
        })
        .collect();
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "mailwright",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

/// One suite per file and one test case per finding. A file without findings is one passing case.
pub fn checked_junit(files: &[String], findings: &[Finding]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for file in files {
        let is_in = |f: &&Finding| f.place.as_ref().is_some_and(|p| p.source.name == *file);
        let own: Vec<&Finding> = findings.iter().filter(is_in).collect();
        let failures = own.iter().filter(|f| f.severity == Severity::Error).count();
        let name = escape(file);
        let _ = writeln!(
            out,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failures}\">",
            own.len().max(1)
        );
        if own.is_empty() {
            let _ = writeln!(out, "    <testcase classname=\"{name}\" name=\"check\"/>");
        }
        for finding in own {
            let line = finding.place.as_ref().map_or(0, crate::finding::Place::line);
            let _ =
                write!(out, "    <testcase classname=\"{name}\" name=\"{}:{line}\">", finding.code);
            let text = escape(&finding.to_string());
            let _ = match finding.severity {
                Severity::Error => writeln!(
                    out,
                    "<failure type=\"{}\" message=\"{}\">{text}</failure></testcase>",
                    finding.code,
                    escape(&finding.message)
                ),
                _ => writeln!(out, "<system-out>{text}</system-out></testcase>"),
            };
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn pretty(json: &serde_json::Value) -> String {
    format!("{json:#}\n")
}

/// Escapes text for XML. Control characters are replaced, because XML cannot contain them.
pub(super) fn escape(text: &str) -> String {
    quick_xml::escape::escape(printable_lines(text)).into_owned()
}
