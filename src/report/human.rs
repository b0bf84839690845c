//! Findings for people: the source line, what is wrong, what to do.

use std::borrow::Cow;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::finding::{Finding, Severity};
use crate::model::{printable, printable_lines, steers};

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

/// A text in which every place stays where it is. The library shows C0 as symbols.
fn in_place(text: &str) -> Cow<'_, str> {
    let steers = |c: char| !c.is_ascii() && steers(c);
    let stand_in = |c: char| match c.len_utf8() {
        2 => '\u{BF}',
        _ => '\u{FFFD}',
    };
    match text.contains(steers) {
        true => text.chars().map(|c| if steers(c) { stand_in(c) } else { c }).collect(),
        false => Cow::Borrowed(text),
    }
}

/// Messages, names and lines of files are shown without characters that would steer the terminal.
fn one(renderer: &Renderer, finding: &Finding) -> String {
    let message = printable_lines(&finding.message);
    let hurts: Vec<_> = finding.hurts.iter().map(|hurt| printable(hurt)).collect();
    let help = finding.help.as_deref().map(printable_lines);
    let spec = finding.spec.as_deref().map(printable);
    let path = finding.place.as_ref().map(|place| printable(&place.source.name));
    let path = path.as_deref().unwrap_or_default();
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(&*message).id(finding.code.name);
    let mut group = match &finding.place {
        // A line that fills the screen would not help.
        Some(place) if place.lines().len() > LONGEST_LINE => Group::with_title(title)
            .element(Origin::path(path).line(place.line()).char_column(place.column())),
        Some(place) => Group::with_title(title).element(
            // Only the lines of the place, since the whole text would be searched for each finding.
            Snippet::source(in_place(place.lines()))
                .path(path)
                .line_start(place.line())
                .annotation(AnnotationKind::Primary.span(place.span_in_lines())),
        ),
        None => Group::with_title(title),
    };
    for hurt in &hurts {
        group = group.element(Level::NOTE.with_name("hurts").message(&**hurt));
    }
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(&**help));
    }
    if let Some(spec) = &spec {
        group = group.element(Level::NOTE.with_name("see").message(&**spec));
    }
    renderer.render(&[group])
}
