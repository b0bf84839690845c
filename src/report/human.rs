//! Findings for people: the source line, what is wrong, what to do.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::finding::{Finding, Severity};

/// Longer source lines are not shown. Length in bytes.
const LONGEST_LINE: usize = 1000;

/// All findings, most severe first, separated by an empty line.
pub fn findings(findings: &[Finding], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|f| std::cmp::Reverse(f.severity));
    let mut out = String::new();
    for finding in sorted {
        out.push_str(&one(&renderer, finding));
        out.push_str("\n\n");
    }
    out
}

fn one(renderer: &Renderer, finding: &Finding) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(finding.message.as_str()).id(finding.code.name);
    let mut group = match &finding.place {
        // A line that fills the screen would not help.
        Some(place) if place.line_length() > LONGEST_LINE => Group::with_title(title).element(
            Origin::path(place.source.name.as_str()).line(place.line()).char_column(place.column()),
        ),
        Some(place) => Group::with_title(title).element(
            Snippet::source(&*place.source.text)
                .path(place.source.name.as_str())
                .annotation(AnnotationKind::Primary.span(place.span.clone())),
        ),
        None => Group::with_title(title),
    };
    for hurt in &finding.hurts {
        group = group.element(Level::NOTE.with_name("hurts").message(hurt.as_str()));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    if let Some(spec) = &finding.spec {
        group = group.element(Level::NOTE.with_name("see").message(spec.as_str()));
    }
    renderer.render(&[group])
}
