//! The limits of a user's own template: it cannot call itself, is not nested too deeply, and its
//! run and its output have a maximum size.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use handlebars::template::{HelperTemplate, Parameter, Template, TemplateElement};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, Output, RenderContext, RenderError, RenderErrorReason,
};

use super::marks::{LARGEST, Marks};
use super::parsed::PARTS;

/// Elements of a template that one run executes, at most about a second. The built-in templates
/// take a few thousand.
const MOST_STEPS: u64 = 1_000_000;
/// Bytes of text that cost as much as one step.
const BYTES_PER_STEP: u64 = 64;
/// What the helper `STEP` is called. A name with a blank, so that no template can call it.
const STEP: &str = "a step";
/// Blocks in blocks, and parentheses or brackets in an expression. Handlebars has no limit for them
/// but the stack. The built-in templates have seven.
const DEEPEST: usize = 32;
/// Bytes of one expression.
const LONGEST_EXPRESSION: usize = 4 * 1024;

/// What is left of the steps of a run. Clones share one number.
#[derive(Clone)]
pub(super) struct StepBudget(Arc<AtomicU64>);

impl Default for StepBudget {
    /// Without a limit, as for the built-in templates.
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(u64::MAX)))
    }
}

impl StepBudget {
    /// Takes steps from the rest.
    ///
    /// # Errors
    ///
    /// The rest is smaller.
    fn take(&self, steps: u64) -> Result<(), String> {
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(steps));
        match taken {
            Ok(_) => Ok(()),
            Err(_) => Err(format!(
                "the template takes more than {MOST_STEPS} steps; loops inside of loops over long \
                 lists multiply them"
            )),
        }
    }
}

impl StepBudget {
    /// Takes the steps of a helper that works on this many bytes.
    ///
    /// # Errors
    ///
    /// The rest is smaller.
    pub(super) fn take_bytes(&self, bytes: usize) -> Result<(), String> {
        self.take(bytes as u64 / BYTES_PER_STEP)
    }
}

/// Runs at the start of each block of a user's template.
struct StepHelper {
    budget: StepBudget,
    marks: Marks,
}

impl HelperDef for StepHelper {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        _: &mut dyn Output,
    ) -> Result<(), RenderError> {
        let steps = h.param(0).and_then(|steps| steps.value().as_u64()).unwrap_or(1);
        let taken = self.budget.take(steps).and_then(|()| self.marks.fit());
        taken.map_err(|why| RenderErrorReason::Other(why).into())
    }
}

pub(super) fn register(registry: &mut Handlebars<'static>, budget: &StepBudget, marks: &Marks) {
    let helper = StepHelper { budget: budget.clone(), marks: marks.clone() };
    registry.register_helper(STEP, Box::new(helper));
}

/// Why a template is not even parsed, and where, in bytes.
pub(super) fn too_deep(text: &str) -> Option<(usize, String)> {
    let mut blocks = 0_usize;
    let mut at = 0;
    while let Some(found) = text[at..].find("{{") {
        let start = at + found;
        let inside = text[start + 2..].trim_start_matches('~');
        if inside.starts_with('!') {
            // A comment; pairs of braces in it do no harm.
            at = start + 2;
            let end = if inside.starts_with("!--") { "--}}" } else { "}}" };
            at += text[at..].find(end).map_or(text.len() - at, |length| length + end.len());
            continue;
        }
        let end = text[start..].find("}}").map_or(text.len(), |length| start + length);
        if inside.starts_with('#') {
            blocks += 1;
        } else if inside.starts_with('/') {
            blocks = blocks.saturating_sub(1);
        }
        if blocks > DEEPEST {
            return Some((start, format!("more than {DEEPEST} blocks are inside of each other")));
        }
        let tag = &text[start + 2..end];
        if tag.len() > LONGEST_EXPRESSION {
            let why = format!("an expression has more than {LONGEST_EXPRESSION} bytes");
            return Some((start, why));
        }
        // Those in texts are counted, too: nobody needs so many there.
        let mut depth = 0_usize;
        for c in tag.chars() {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > DEEPEST {
                let why = format!("more than {DEEPEST} parentheses are inside of each other");
                return Some((start, why));
            }
        }
        at = end.max(start + 2);
    }
    None
}

/// Makes each block take the steps of what is directly in it, whenever it runs.
pub(super) fn count_steps(template: &mut Template) {
    for element in &mut template.elements {
        let parts = match element {
            TemplateElement::HelperBlock(block) => {
                [block.template.as_mut(), block.inverse.as_mut()]
            }
            TemplateElement::PartialBlock(block) | TemplateElement::DecoratorBlock(block) => {
                [block.template.as_mut(), None]
            }
            _ => continue,
        };
        for part in parts.into_iter().flatten() {
            count_steps(part);
            let steps = 1 + part.elements.iter().map(steps_of).sum::<u64>();
            let place = part.mapping.first().or(template.mapping.first()).cloned();
            part.elements.insert(0, TemplateElement::Expression(Box::new(step(steps))));
            if let Some(place) = place {
                part.mapping.insert(0, place);
            }
        }
    }
}

fn steps_of(element: &TemplateElement) -> u64 {
    match element {
        TemplateElement::RawString(text) => 1 + text.len() as u64 / BYTES_PER_STEP,
        // Handlebars copies all values for it.
        TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => 500,
        _ => 1,
    }
}

fn step(steps: u64) -> HelperTemplate {
    let mut helper = PARTS.helpers[0].clone();
    helper.name = Parameter::Name(STEP.to_owned());
    helper.params = vec![Parameter::Literal(steps.into())];
    helper
}

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

/// Renders a registered template, and stops when it takes too many steps or writes too much.
pub(super) fn render(
    registry: &Handlebars<'_>,
    (budget, marks): (&StepBudget, &Marks),
    name: &str,
    context: &Context,
) -> Result<String, RenderError> {
    budget.0.store(MOST_STEPS, Ordering::Relaxed);
    let mut output = BoundedOutput(Vec::new());
    let rendered = registry.render_with_context_to_write(name, context, &mut output);
    budget.0.store(u64::MAX, Ordering::Relaxed);
    // A value that was left out can also be what an error is about.
    if let Err(why) = marks.fit() {
        let mut error = RenderError::from(RenderErrorReason::Other(why));
        if let Err(first) = rendered {
            (error.line_no, error.column_no) = (first.line_no, first.column_no);
        }
        return Err(error);
    }
    rendered?;
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

    fn rendered(text: &str) -> Result<String, String> {
        let (marks, budget) = (Marks::default(), StepBudget::default());
        let mut registry = Handlebars::new();
        register(&mut registry, &budget, &marks);
        let mut template = Template::compile(text).unwrap();
        count_steps(&mut template);
        registry.register_template("t", template);
        let list: Vec<u32> = (0..50).collect();
        let context = Context::wraps(serde_json::json!({ "list": list })).unwrap();
        let rendered = render(&registry, (&budget, &marks), "t", &context);
        rendered.map_err(|error| error.to_string())
    }

    fn each(depth: usize, body: &str) -> String {
        let begin = "{{#each @root.list}}".repeat(depth);
        format!("{begin}{body}{}", "{{/each}}".repeat(depth))
    }

    #[test]
    fn an_output_without_an_end_is_stopped() {
        let error = rendered(&each(4, &"x".repeat(10_000))).unwrap_err();
        assert!(error.contains("larger than 16 MiB"), "{error}");
    }

    #[test]
    fn loops_that_multiply_each_other_are_stopped_even_if_they_write_nothing() {
        for body in ["", "{{#if true}}{{/if}}", "{{#if false}}{{else}}{{/if}}"] {
            let error = rendered(&each(5, body)).unwrap_err();
            assert!(error.contains("more than 1000000 steps"), "{body}: {error}");
        }
        let partial = "{{#*inline \"a\"}}{{#each @root.list}}{{/each}}{{/inline}}";
        assert!(rendered(&format!("{partial}{}", each(2, "{{> a}}"))).is_err());
    }

    #[test]
    fn the_steps_of_a_block_change_nothing_that_it_writes() {
        assert_eq!(rendered(&each(2, "x")).unwrap(), "x".repeat(2500));
        let text = "a\n{{#each list}}\n  {{this}}\n{{else}}\n  none\n{{/each}}\nb\n";
        let numbers: String = (0..50).map(|n| format!("  {n}\n")).collect();
        assert_eq!(rendered(text).unwrap(), format!("a\n{numbers}b\n"));
    }

    #[test]
    fn what_is_nested_too_deeply_is_found_before_it_is_parsed() {
        let place = |text: &str| too_deep(text).map(|(at, _)| at);
        let blocks = |n: usize| "{{#if a}}".repeat(n) + &"{{/if}}".repeat(n);
        assert_eq!(place(&blocks(32).repeat(3)), None);
        assert_eq!(place(&blocks(33)), Some(32 * 9));
        assert_eq!(place(&format!("{{{{#if {}}}}}", "(".repeat(33))), Some(0));
        assert_eq!(place(&format!("a{{{{a {}}}}}", "b ".repeat(2100))), Some(1));
        assert_eq!(place(&format!("{{{{!-- {} --}}}}", blocks(40))), None);
        assert_eq!(place("{{"), None);
    }
}
