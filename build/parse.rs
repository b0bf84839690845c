//! Parses a built-in template and writes the form that `src/render/parsed.rs` reads.

use handlebars::template::{
    BlockParam, DecoratorTemplate, HelperTemplate, Parameter, TemplateElement,
};
use handlebars::{JsonValue, Path, PathSeg, Template};

use crate::parsed::{PARTS, read};

/// The serialized form of a template; `None` if the text does not compile. The program reports that
/// mistake with its place when the template is used.
pub fn parse(text: &str) -> Result<Option<String>, String> {
    let Ok(template) = Template::compile(text) else { return Ok(None) };
    let mut writer = Writer::default();
    writer.template(&template)?;
    match read(&writer.form) == template {
        true => Ok(Some(writer.form)),
        false => Err("build/parse.rs cannot express it: it reads back as another".to_owned()),
    }
}

#[derive(Default)]
struct Writer {
    form: String,
}

type Written = Result<(), String>;

impl Writer {
    fn template(&mut self, template: &Template) -> Written {
        self.list(&template.elements, Self::element)?;
        self.list(&template.mapping, |writer, place| {
            writer.number(place.0);
            writer.number(place.1);
            Ok(())
        })
    }

    fn element(&mut self, element: &TemplateElement) -> Written {
        use TemplateElement as E;
        match element {
            E::RawString(text) => self.letter('t').text(text),
            E::Comment(text) => self.letter('!').text(text),
            E::Expression(helper) => self.letter('e').helper(helper),
            E::HtmlExpression(helper) => self.letter('h').helper(helper),
            E::HelperBlock(helper) => self.letter('#').helper(helper),
            E::DecoratorExpression(decorator) => self.letter('*').decorator(decorator),
            E::DecoratorBlock(decorator) => self.letter('d').decorator(decorator),
            E::PartialExpression(decorator) => self.letter('>').decorator(decorator),
            E::PartialBlock(decorator) => self.letter('p').decorator(decorator),
            other => Err(format!("build/parse.rs has no form for an element: {other:?}")),
        }
    }

    fn helper(&mut self, helper: &HelperTemplate) -> Written {
        self.number(usize::from(is_indented_helper(helper)));
        self.number(usize::from(helper.block));
        self.number(usize::from(helper.chain));
        self.parameter(&helper.name)?;
        self.list(&helper.params, Self::parameter)?;
        self.hash(&helper.hash)?;
        let names = match &helper.block_param {
            None => Vec::new(),
            Some(BlockParam::Single(one)) => vec![one],
            Some(BlockParam::Pair((one, two))) => vec![one, two],
            Some(other) => {
                return Err(format!(
                    "build/parse.rs has no form for unknown block parameters: {other:?}"
                ));
            }
        };
        self.list(names, |writer, name| match name {
            Parameter::Name(name) => writer.text(name),
            other => Err(format!(
                "build/parse.rs has no form for a block parameter that is no name: {other:?}"
            )),
        })?;
        self.list(&helper.template, Self::template)?;
        self.list(&helper.inverse, Self::template)
    }

    fn decorator(&mut self, decorator: &DecoratorTemplate) -> Written {
        self.number(usize::from(is_indented_decorator(decorator)));
        self.parameter(&decorator.name)?;
        self.list(&decorator.params, Self::parameter)?;
        self.hash(&decorator.hash)?;
        self.list(&decorator.template, Self::template)?;
        self.list(&decorator.indent, |writer, indent| writer.text(indent))
    }

    fn parameter(&mut self, parameter: &Parameter) -> Written {
        match parameter {
            Parameter::Name(name) => self.letter('n').text(name),
            Parameter::Path(Path::Relative((steps, raw))) => {
                self.letter('/').text(raw)?;
                self.list(steps, Self::step)
            }
            Parameter::Path(Path::Local((level, name, raw))) => {
                self.letter('@').number(*level);
                self.text(name)?;
                self.text(raw)
            }
            Parameter::Literal(JsonValue::String(text)) => self.letter('"').text(text),
            Parameter::Literal(value) => self.letter('j').text(&value.to_string()),
            Parameter::Subexpression(inner) => match inner.as_element() {
                TemplateElement::Expression(helper) => {
                    self.letter('(').parameter(&helper.name)?;
                    self.list(&helper.params, Self::parameter)?;
                    self.hash(&helper.hash)
                }
                other => Err(format!(
                    "build/parse.rs has no form for an unknown subexpression: {other:?}"
                )),
            },
            other => Err(format!("build/parse.rs has no form for a parameter: {other:?}")),
        }
    }

    fn hash<'a>(&mut self, hash: impl IntoIterator<Item = (&'a String, &'a Parameter)>) -> Written {
        let mut pairs: Vec<_> = hash.into_iter().collect();
        pairs.sort_by_key(|(key, _)| *key);
        self.list(pairs, |writer, (key, value)| {
            writer.text(key)?;
            writer.parameter(value)
        })
    }

    fn step(&mut self, step: &PathSeg) -> Written {
        match step {
            PathSeg::Named(name) => return self.letter('n').text(name),
            step if *step == PARTS.root => self.letter('@'),
            step if *step == PARTS.up => self.letter('.'),
            other => {
                return Err(format!("build/parse.rs has no form for a step of a path: {other:?}"));
            }
        };
        Ok(())
    }

    fn list<I: IntoIterator>(
        &mut self,
        items: I,
        item: impl Fn(&mut Self, I::Item) -> Written,
    ) -> Written {
        let items: Vec<_> = items.into_iter().collect();
        self.number(items.len());
        items.into_iter().try_for_each(|one| item(self, one))
    }

    fn letter(&mut self, letter: char) -> &mut Self {
        self.form.push(letter);
        self
    }

    fn number(&mut self, number: usize) {
        self.form.push_str(&number.to_string());
        self.form.push(' ');
    }

    fn text(&mut self, text: &str) -> Written {
        self.number(text.len());
        self.form.push_str(text);
        Ok(())
    }
}

/// Handlebars keeps this flag private, so it is found by comparison with a known indented helper.
fn is_indented_helper(helper: &HelperTemplate) -> bool {
    let mut indented = PARTS.helpers[1].clone();
    let own = helper.clone();
    (indented.name, indented.params, indented.hash) = (own.name, own.params, own.hash);
    (indented.block, indented.chain, indented.block_param) =
        (own.block, own.chain, own.block_param);
    (indented.template, indented.inverse) = (own.template, own.inverse);
    indented == *helper
}

fn is_indented_decorator(decorator: &DecoratorTemplate) -> bool {
    let mut indented = PARTS.decorators[1].clone();
    let own = decorator.clone();
    (indented.name, indented.params, indented.hash) = (own.name, own.params, own.hash);
    (indented.template, indented.indent) = (own.template, own.indent);
    indented == *decorator
}
