//! The serialized form of built-in templates, which `build.rs` parses, and its reader.
//!
//! Parsing with pest would take a third of a whole run's instructions. Built-in templates are
//! therefore parsed at build time (`build/parse.rs` writes the form) and only reassembled here.
//! `build.rs` compiles this file too, and reads back what it writes.
//!
//! The form is text: a number is followed by a blank, a text is preceded by its length in bytes, a
//! list by its number of items, and a value with several variants by a letter.

use std::collections::HashMap;
use std::sync::LazyLock;

use handlebars::template::{
    BlockParam, DecoratorTemplate, ExpressionSpec, ExpressionSpecBuilder, HelperTemplate,
    Parameter, Subexpression, TemplateElement, TemplateMapping,
};
use handlebars::{JsonValue, Path, PathSeg, Template};

/// Reads a form, which must come from the same build.
pub(crate) fn read(form: &str) -> Template {
    TemplateReader { rest: form, parts: &PARTS }.template()
}

/// Parts that handlebars' public API cannot construct, only clone and fill.
pub(crate) struct Parts {
    place: TemplateMapping,
    /// `@root` and `..` in a path.
    pub(crate) root: PathSeg,
    pub(crate) up: PathSeg,
    /// Not indented, indented.
    pub(crate) helpers: [HelperTemplate; 2],
    pub(crate) decorators: [DecoratorTemplate; 2],
}

pub(crate) static PARTS: LazyLock<Parts> = LazyLock::new(|| {
    let first_step = |path: &str| match Path::parse(path) {
        Ok(Path::Relative((mut steps, _))) => steps.swap_remove(0),
        _ => unreachable!("{path} is a path that is not local"),
    };
    let spec = nothing();
    Parts {
        place: Template::compile("x").expect("a text is a template").mapping.swap_remove(0),
        root: first_step("@root/x"),
        up: first_step("../x"),
        helpers: [false, true].map(|indented| HelperTemplate::new(spec.clone(), false, indented)),
        decorators: [false, true].map(|indented| DecoratorTemplate::new(spec.clone(), indented)),
    }
});

fn nothing() -> ExpressionSpec {
    ExpressionSpecBuilder::default()
        .name(Parameter::Name(String::new()))
        .params(Vec::new())
        .hash(HashMap::new())
        .omit_pre_ws(false)
        .omit_pro_ws(false)
        .build()
        .expect("every field is set")
}

struct TemplateReader<'a> {
    rest: &'a str,
    parts: &'static Parts,
}

impl<'a> TemplateReader<'a> {
    fn template(&mut self) -> Template {
        let mut template = Template::new();
        template.elements = self.list(Self::element);
        template.mapping = self.list(|reader| {
            let mut place = reader.parts.place.clone();
            place.0 = reader.number();
            place.1 = reader.number();
            place
        });
        template
    }

    fn element(&mut self) -> TemplateElement {
        match self.letter() {
            b't' => TemplateElement::RawString(self.text().to_owned()),
            b'!' => TemplateElement::Comment(self.text().to_owned()),
            b'e' => TemplateElement::Expression(self.helper()),
            b'h' => TemplateElement::HtmlExpression(self.helper()),
            b'#' => TemplateElement::HelperBlock(self.helper()),
            b'*' => TemplateElement::DecoratorExpression(self.decorator()),
            b'd' => TemplateElement::DecoratorBlock(self.decorator()),
            b'>' => TemplateElement::PartialExpression(self.decorator()),
            b'p' => TemplateElement::PartialBlock(self.decorator()),
            letter => unreachable!("no element begins with {letter}"),
        }
    }

    fn helper(&mut self) -> Box<HelperTemplate> {
        let indented = self.number();
        let mut helper = Box::new(self.parts.helpers[indented].clone());
        helper.block = self.number() == 1;
        helper.chain = self.number() == 1;
        helper.name = self.parameter();
        helper.params = self.list(Self::parameter);
        helper.hash = self.hash();
        let name = |name: &str| Parameter::Name(name.to_owned());
        helper.block_param = match self.list(Self::text)[..] {
            [] => None,
            [one] => Some(BlockParam::Single(name(one))),
            [one, two, ..] => Some(BlockParam::Pair((name(one), name(two)))),
        };
        helper.template = self.list(Self::template).pop();
        helper.inverse = self.list(Self::template).pop();
        helper
    }

    fn decorator(&mut self) -> Box<DecoratorTemplate> {
        let indented = self.number();
        let mut decorator = Box::new(self.parts.decorators[indented].clone());
        decorator.name = self.parameter();
        decorator.params = self.list(Self::parameter);
        decorator.hash = self.hash();
        decorator.template = self.list(Self::template).pop();
        decorator.indent = self.list(Self::text).pop().map(str::to_owned);
        decorator
    }

    fn parameter(&mut self) -> Parameter {
        match self.letter() {
            b'n' => Parameter::Name(self.text().to_owned()),
            b'/' => {
                let raw = self.text().to_owned();
                Parameter::Path(Path::Relative((self.list(Self::step), raw)))
            }
            b'@' => {
                let level = self.number();
                let name = self.text().to_owned();
                Parameter::Path(Path::Local((level, name, self.text().to_owned())))
            }
            b'"' => Parameter::Literal(JsonValue::String(self.text().to_owned())),
            b'j' => Parameter::Literal(self.text().parse().expect("a value wrote it")),
            b'(' => {
                let name = self.parameter();
                let params = self.list(Self::parameter);
                Parameter::Subexpression(Subexpression::new(name, params, self.hash()))
            }
            letter => unreachable!("no parameter begins with {letter}"),
        }
    }

    fn hash(&mut self) -> HashMap<String, Parameter> {
        let pairs = self.list(|reader| (reader.text().to_owned(), reader.parameter()));
        pairs.into_iter().collect()
    }

    fn step(&mut self) -> PathSeg {
        match self.letter() {
            b'n' => PathSeg::Named(self.text().to_owned()),
            b'@' => self.parts.root.clone(),
            b'.' => self.parts.up.clone(),
            letter => unreachable!("no step of a path begins with {letter}"),
        }
    }

    fn list<T>(&mut self, item: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.number()).map(|_| item(self)).collect()
    }

    fn letter(&mut self) -> u8 {
        let letter = self.rest.as_bytes()[0];
        self.rest = &self.rest[1..];
        letter
    }

    fn number(&mut self) -> usize {
        let mut number = 0;
        loop {
            match self.letter() {
                b' ' => return number,
                digit => number = number * 10 + usize::from(digit - b'0'),
            }
        }
    }

    fn text(&mut self) -> &'a str {
        let length = self.number();
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded;

    #[test]
    fn every_built_in_template_is_what_handlebars_makes_of_its_text() {
        let mut seen = 0;
        for (path, text) in embedded::files_below("templates") {
            if !path.ends_with(".hbs") {
                continue;
            }
            let form = embedded::parsed(&format!("templates/{path}"), text);
            let mut read = read(form.unwrap_or_else(|| panic!("{path} is not parsed")));
            read.name = Some(path.to_owned());
            let whole = Template::compile_with_name(text, path.to_owned()).unwrap();
            assert!(read == whole, "{path}:\n{read:#?}\n{whole:#?}");
            seen += 1;
        }
        assert!(seen > 20, "only {seen} templates were seen");
    }

    #[test]
    fn a_text_of_the_users_own_is_not_taken_for_the_built_in_one() {
        let path = "templates/thunderbird/config-v1.1.xml.hbs";
        let text = embedded::file(path).unwrap();
        assert!(embedded::parsed(path, text).is_some());
        assert!(embedded::parsed(path, &text[1..]).is_none());
    }
}
