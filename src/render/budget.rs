//! The limits of a user's own template: it cannot call itself, and its output has a maximum size.

use std::io;

use handlebars::template::{Template, TemplateElement};
use handlebars::{Context, Handlebars, RenderError};

/// In bytes. The largest file of a built-in template has some 100 kB.
const LARGEST: usize = 16 * 1024 * 1024;

/// The place, line and column from 1, of a partial that is called inside of an inline partial. Only
/// such a call can lead back to itself, and Handlebars has no limit for that but the stack.
pub(super) fn recursion(template: &Template) -> Option<(usize, usize)> {
    find(template, false)
}

fn find(template: &Template, is_inside: bool) -> Option<(usize, usize)> {
    for (at, element) in template.elements.iter().enumerate() {
        let (parts, is_inside) = match element {
            TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_)
                if is_inside =>
            {
                return Some(template.mapping.get(at).map_or((1, 1), |place| (place.0, place.1)));
            }
            TemplateElement::HelperBlock(block) => {
                ([block.template.as_ref(), block.inverse.as_ref()], is_inside)
            }
            TemplateElement::PartialBlock(block) => ([block.template.as_ref(), None], is_inside),
            TemplateElement::DecoratorBlock(block) => ([block.template.as_ref(), None], true),
            _ => continue,
        };
        let found = parts.into_iter().flatten().find_map(|part| find(part, is_inside));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Renders a registered template, and stops when the output becomes too large.
pub(super) fn render(
    registry: &Handlebars<'_>,
    name: &str,
    context: &Context,
) -> Result<String, RenderError> {
    let mut output = BoundedOutput(Vec::new());
    registry.render_with_context_to_write(name, context, &mut output)?;
    String::from_utf8(output.0).map_err(RenderError::from)
}

/// Takes at most [`LARGEST`] bytes.
struct BoundedOutput(Vec<u8>);

impl io::Write for BoundedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST {
            let message = format!("the output is larger than {} MiB", LARGEST / 1024 / 1024);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_that_can_call_itself_is_found() {
        let found = |text: &str| recursion(&Template::compile(text).unwrap());
        assert_eq!(found("{{#*inline \"a\"}}x{{/inline}}{{> a}}"), None);
        assert!(found("{{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}").is_some());
        let nested =
            "\n{{#*inline \"a\"}}{{#if x}}{{else}}{{> (lookup this \"n\")}}{{/if}}{{/inline}}";
        assert_eq!(found(nested).map(|(line, _)| line), Some(2));
        assert!(found("{{#*inline \"a\"}}{{#> b}}{{/b}}{{/inline}}").is_some());
        assert!(found("{{#*inline \"a\"}}{{> @partial-block}}{{/inline}}").is_some());
    }

    #[test]
    fn an_output_without_an_end_is_stopped() {
        let mut registry = Handlebars::new();
        let each = |depth: usize| "{{#each @root.list}}".repeat(depth);
        let text = format!("{}{}{}", each(5), "x".repeat(100), "{{/each}}".repeat(5));
        registry.register_template_string("t", text).unwrap();
        let list: Vec<u32> = (0..50).collect();
        let context = Context::wraps(serde_json::json!({ "list": list })).unwrap();
        let error = render(&registry, "t", &context).unwrap_err();
        assert!(error.to_string().contains("larger than 16 MiB"), "{error}");
    }
}
