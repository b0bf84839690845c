//! Forbidden constructs in templates, and the place of template errors.

use std::ops::Range;
use std::sync::Arc;

use handlebars::{RenderError, TemplateError};

use crate::codes;
use crate::finding::{Finding, Source};
use crate::plan::Job;

use super::budget::too_deep;

/// Finds constructs that Handlebars accepts silently and handles wrongly.
pub fn lint(source: &Arc<Source>) -> Vec<Finding> {
    let text = &source.text;
    let mut findings = Vec::new();
    if let Some((at, why)) = too_deep(text) {
        findings.push(
            Finding::new(codes::BROKEN_TEMPLATE, why)
                .at(source, at..at + 2)
                .help("split it: close blocks before others begin, or use fewer conditions"),
        );
    }
    for (at, _) in text.match_indices("\\{{") {
        // handlebars 6.4: `\{{x}}` outputs the literal text, and of n backslashes one is dropped.
        findings.push(
            Finding::new(
                codes::BACKSLASH_BEFORE_EXPRESSION,
                "Handlebars eats a backslash before {{",
            )
            .at(source, at..at + 3)
            .help("use a helper that writes it: winPath joins a path, regKey a registry key"),
        );
    }
    for raw in ["{{{", "{{&"] {
        for (at, _) in text.match_indices(raw) {
            findings.push(
                Finding::new(
                    codes::RAW_EXPRESSION,
                    format!("{raw} asks for a value without escaping"),
                )
                .at(source, at..at + 3)
                .help("write {{ }}; values that are escaped already come from a helper"),
            );
        }
    }
    if let Some((at, c)) = text.char_indices().find(|(_, c)| crate::model::is_reserved(*c)) {
        findings.push(
            Finding::new(codes::RESERVED_CHARACTER, "this private-use character is kept for marks")
                .at(source, at..at + c.len_utf8()),
        );
    }
    if let Some(at) = text.find('\r') {
        findings.push(
            Finding::new(codes::CARRIAGE_RETURN, "a template has lines that end in LF; the format writes CRLF where the client wants it")
                .at(source, at..at + 1),
        );
    }
    findings
}

/// `above` is the number of lines before the piece in which the error's line is counted.
pub(super) fn template_error(error: &TemplateError, above: usize, source: &Arc<Source>) -> Finding {
    let (line, column) = error.pos().unwrap_or((1, 1));
    let span = span(&source.text, line + above, column);
    Finding::new(codes::BROKEN_TEMPLATE, error.reason().to_string()).at(source, span)
}

/// `place` is line and column, both from 1.
pub(super) fn recursion_error(place: (usize, usize), source: &Arc<Source>) -> Finding {
    let message = format!("{} calls a partial inside of an inline partial", source.name);
    Finding::new(codes::BROKEN_TEMPLATE, message)
        .at(source, span(&source.text, place.0, place.1))
        .help("write the content in its place: such a partial could call itself without end")
}

pub(super) fn render_error(error: &RenderError, file: &str, job: &Job<'_>) -> Finding {
    let source = &job.target.templates[file];
    let span = span(&source.text, error.line_no.unwrap_or(1), error.column_no.unwrap_or(1));
    Finding::new(codes::BROKEN_TEMPLATE, error.reason().to_string())
        .at(source, span)
        .target(&job.target.name)
        .help("`mailwright targets show` lists what templates may use; write {{#if x}} around what is not always there")
}

pub(super) fn path_error(error: &RenderError, job: &Job<'_>) -> Finding {
    Finding::new(codes::BROKEN_TEMPLATE, format!("path \"{}\": {}", job.path, error.reason()))
        .at(&job.target.source, job.file.span.clone())
        .target(&job.target.name)
}

/// Converts a line and a column, both from 1, to a byte range.
fn span(text: &str, line: usize, column: usize) -> Range<usize> {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let at = rest.char_indices().nth(column.saturating_sub(1)).map_or(0, |(at, _)| at);
    let end = rest[at..].find(['\n', '}']).map_or(rest.len(), |n| at + n);
    start + at..start + end.max(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_before_an_expression_is_refused_with_the_way_round() {
        let source = Source::new("t.hbs", "path=C:\\{{x}}\n");
        let found = lint(&source);
        assert_eq!(found[0].code, "backslash-before-expression");
        assert_eq!(found[0].place.as_ref().unwrap().to_string(), "t.hbs:1:8");
    }

    #[test]
    fn a_raw_expression_is_refused() {
        assert_eq!(lint(&Source::new("t.hbs", "{{{x}}}"))[0].code, "raw-expression");
    }
}
