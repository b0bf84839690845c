//! Compiles the user's own templates in pieces; the built-in ones are already parsed.
//!
//! pest counts lines from the start of the text for every element (`Position::line_col`), so the
//! time to compile a template grows with the square of its length. Therefore pieces that begin and
//! end at a line with no open block are compiled separately and joined, and lines without an
//! expression are not parsed at all. The result is the same template, including its positions.

use handlebars::template::{TemplateElement, TemplateMapping};
use handlebars::{Template, TemplateError};

/// Compiles a template. An error comes with the first line (from 0) of its piece.
pub(super) fn compile(source: &str, name: &str) -> Result<Template, (TemplateError, usize)> {
    // `~` removes white space across lines, so such a template must stay in one piece.
    if source.contains("{{~") || source.contains("~}}") {
        return Template::compile_with_name(source, name.to_owned()).map_err(|e| (e, 0));
    }
    let mut whole = Template::new();
    whole.name = Some(name.to_owned());
    // A position cannot be constructed, only copied from a template and moved.
    let place = Template::compile("x").map_err(|e| (e, 0))?.mapping;
    for piece in pieces(source) {
        if !piece.text.contains("{{") {
            whole.elements.push(TemplateElement::RawString(piece.text.to_owned()));
            whole.mapping.extend(place.iter().cloned().map(|m| below(m, piece.line)));
            continue;
        }
        let part = Template::compile(piece.text).map_err(|e| (e, piece.line))?;
        whole.elements.extend(part.elements.into_iter().map(|e| moved(e, piece.line)));
        let mapping = part.mapping.into_iter();
        whole.mapping.extend(mapping.map(|m| below(m, piece.line)));
    }
    Ok(whole)
}

fn below(mut place: TemplateMapping, lines: usize) -> TemplateMapping {
    place.0 += lines;
    place
}

struct Piece<'a> {
    text: &'a str,
    /// The number of lines before it.
    line: usize,
}

/// Groups lines so that no piece ends within an expression or a block.
fn pieces(source: &str) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut start = 0;
    let mut first_line = 0;
    let mut end = 0;
    let mut depth = 0_usize;
    let mut comment = false;
    let mut open_tag = false;
    let mut plain = true;
    for (number, line) in source.split_inclusive('\n').enumerate() {
        let has_tags = comment || open_tag || line.contains("{{") || depth > 0;
        if has_tags == plain && end > start && depth == 0 && !comment && !open_tag {
            pieces.push(Piece { text: &source[start..end], line: first_line });
            (start, first_line) = (end, number);
        }
        plain = !has_tags;
        end += line.len();
        scan(line, &mut depth, &mut comment, &mut open_tag);
        // Every line with complete tags is a piece of its own.
        if has_tags && depth == 0 && !comment && !open_tag {
            pieces.push(Piece { text: &source[start..end], line: first_line });
            (start, first_line) = (end, number + 1);
            plain = true;
        }
    }
    if end > start {
        pieces.push(Piece { text: &source[start..end], line: first_line });
    }
    pieces
}

/// Updates the state with the tags that a line opens and closes.
fn scan(line: &str, depth: &mut usize, comment: &mut bool, open_tag: &mut bool) {
    let mut rest = line;
    loop {
        if *comment {
            let Some(at) = rest.find("--}}") else { return };
            *comment = false;
            rest = &rest[at + 4..];
        } else if *open_tag {
            let Some(at) = rest.find("}}") else { return };
            *open_tag = false;
            rest = &rest[at + 2..];
        } else {
            let Some(at) = rest.find("{{") else { return };
            rest = rest[at + 2..].trim_start_matches('~');
            if rest.starts_with("!--") {
                *comment = true;
                continue;
            }
            if rest.starts_with('#') {
                *depth += 1;
            } else if rest.starts_with('/') {
                *depth = depth.saturating_sub(1);
            }
            *open_tag = true;
        }
    }
}

/// Shifts the positions inside an element from its piece to the whole template.
fn moved(mut element: TemplateElement, lines: usize) -> TemplateElement {
    if let TemplateElement::HelperBlock(block) = &mut element {
        for inner in [&mut block.template, &mut block.inverse].into_iter().flatten() {
            move_template(inner, lines);
        }
    }
    if let TemplateElement::DecoratorBlock(block) | TemplateElement::PartialBlock(block) =
        &mut element
        && let Some(inner) = &mut block.template
    {
        move_template(inner, lines);
    }
    element
}

fn move_template(template: &mut Template, lines: usize) {
    for mapping in &mut template.mapping {
        mapping.0 += lines;
    }
    let elements = std::mem::take(&mut template.elements);
    template.elements = elements.into_iter().map(|e| moved(e, lines)).collect();
}

#[cfg(test)]
mod tests {
    use handlebars::Handlebars;

    use super::*;

    const TEMPLATE: &str = "<a>\n<b/>\n{{#if x}}\n  {{#each xs}}\n  <c>{{this}}</c>\n  {{/each}}\n{{else}}\n  no\n{{/if}}\n{{!-- a\n  {{#comment}} --}}\ntext {{x}} {{#if y}}\n y {{/if}}\n{{#unless z}}\nnot\n{{/unless}}\n<d>\n{{y}}";

    #[test]
    fn pieces_make_the_same_text_as_the_whole() {
        let context = serde_json::json!({ "x": "1", "xs": ["a", "b"], "y": "2", "z": false });
        let mut registry = Handlebars::new();
        registry.register_template("pieces", compile(TEMPLATE, "pieces").unwrap());
        registry.register_template_string("whole", TEMPLATE).unwrap();
        let text = registry.render("pieces", &context).unwrap();
        assert_eq!(text, registry.render("whole", &context).unwrap());
        assert!(pieces(TEMPLATE).len() > 4);
    }

    #[test]
    fn white_space_is_eaten_across_lines() {
        let mut registry = Handlebars::new();
        registry.register_template("t", compile("a\n{{~x}}\nb", "t").unwrap());
        let text = registry.render("t", &serde_json::json!({ "x": "X" })).unwrap();
        assert_eq!(text, "aX\nb");
    }

    #[test]
    fn an_error_keeps_its_line() {
        let (error, line) = compile("a\n\n{{x}}\n{{#if}\n", "t").unwrap_err();
        assert_eq!(error.pos().unwrap().0 + line, 4);
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        let template = compile("a\n{{#if x}}\n\n{{y}}\n{{/if}}\n", "t").unwrap();
        registry.register_template("t", template);
        let error = registry.render("t", &serde_json::json!({ "x": true })).unwrap_err();
        assert_eq!(error.line_no, Some(4));
    }
}
