//! What a file is made of, whatever its values are: an oracle that knows nothing of marks.

use mailwright::internals::format::{FileFormat, Tree};
use mailwright::internals::render::Artifact;

/// Where two files of the same kind are made otherwise, if anywhere.
pub fn difference(one: &Artifact<'_>, other: &Artifact<'_>) -> Option<String> {
    let kind = &one.job.file.format;
    let [text, other_text] = [one, other].map(|artifact| {
        kind.decode(&artifact.bytes)
            .unwrap_or_else(|e| format!("{} does not decode: {e}", artifact.path))
    });
    match kind {
        FileFormat::Text(_) => lines(&text, &other_text, &one.job.file.template),
        _ => match (kind.parse(&text), kind.parse(&other_text)) {
            (Ok(Some(one)), Ok(Some(other))) => trees(&one, &other),
            (one, other) => Some(format!("{:?}, {:?}", one.err(), other.err())),
        },
    }
}

/// Names, kinds and numbers of children, all the way down.
fn trees(one: &Tree, other: &Tree) -> Option<String> {
    let name = name(&one.name);
    if name != self::name(&other.name) {
        return Some(format!("{name} is {}", other.name));
    }
    if one.kind != other.kind {
        return Some(format!("{name}: {} is {}", one.kind, other.kind));
    }
    if one.children.len() != other.children.len() {
        return Some(format!(
            "{name}: {} children are {}",
            one.children.len(),
            other.children.len()
        ));
    }
    let mut pairs = one.children.iter().zip(&other.children);
    pairs.find_map(|(one, other)| trees(one, other)).map(|path| format!("{name}/{path}"))
}

/// The keys of `policies.json` have the account's token in them.
fn name(name: &str) -> String {
    let Some((before, rest)) = name.split_once("mailwright-") else { return name.to_owned() };
    let token = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    format!("{before}mailwright-TOKEN{}", rest.trim_start_matches(token))
}

/// What means something in the lines of a template, unless a backslash stands before it. The
/// manifests are not asked: what one of them forgets is to be found here.
const MEANS: [(&str, &str); 8] = [
    ("Caddyfile.hbs", "\"{}"),
    ("apache.conf.hbs", "\"$%"),
    ("fetchmailrc.hbs", "\""),
    ("guide.md.hbs", "`*_[]<|&~$"),
    ("neomuttrc.hbs", "\"`$"),
    ("nginx.conf.hbs", "\"$"),
    ("thunderbird.cfg.hbs", "\""),
    ("zone.hbs", " \"();@$"),
];

/// Line by line: how each begins, and how often it has what means something there. Where values
/// stand in double quotes, nothing else may differ.
fn lines(one: &str, other: &str, template: &str) -> Option<String> {
    let (count, again) = (one.lines().count(), other.lines().count());
    if count != again {
        return Some(format!("{count} lines are {again}"));
    }
    let means = MEANS.iter().find(|(name, _)| *name == template).map(|(_, means)| *means);
    let line = |text| line(text, means.unwrap_or_default());
    let (one, other) = one.lines().zip(other.lines()).find(|(a, b)| line(a) != line(b))?;
    Some(format!("{one:?} is {other:?}: {:?}, {:?}", line(one), line(other)))
}

fn line(line: &str, means: &str) -> (String, Vec<usize>, Option<String>) {
    let bare = if means.is_empty() { line.to_owned() } else { without_escapes(line) };
    let first = bare.split(' ').next().unwrap_or_default();
    let counts = means.chars().map(|c| bare.matches(c).count()).collect();
    let comment = ["#", "//"].iter().any(|mark| line.starts_with(mark));
    let outside = (means.starts_with('"') && !comment)
        .then(|| bare.split('"').step_by(2).collect::<Vec<_>>().join("\"\""));
    (first.to_owned(), counts, outside)
}

/// What a backslash takes the meaning from is gone.
fn without_escapes(line: &str) -> String {
    let mut chars = line.chars();
    let mut bare = String::new();
    while let Some(c) = chars.next() {
        if c == '\\' {
            chars.next();
        } else {
            bare.push(c);
        }
    }
    bare
}
