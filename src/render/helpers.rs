//! Template helpers: compare values, join them, quote them for a nested context.
//!
//! Every helper gets the values behind the marks and returns a mark, so the format escapes its
//! result once more. The comparison helpers of Handlebars itself would compare marks.

mod error;
pub(super) mod qr;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use handlebars::{Context, Handlebars, Helper, HelperDef, RenderContext, RenderError, ScopedJson};
use serde_json::Value;

use super::budget::StepBudget;
use super::marks::{LARGEST, Marks, Recipe};
use error::failed;
use qr::{Codes, QrHelper};

/// A helper's arguments with the values behind the marks.
struct Arguments<'a> {
    positional: Vec<Cow<'a, Value>>,
    named: Vec<(&'a str, Cow<'a, Value>)>,
}

type Function = fn(&Arguments<'_>) -> Result<Value, String>;

struct ValueHelper {
    marks: Marks,
    budget: StepBudget,
    function: Function,
    /// The result is already escaped for the format.
    finished: bool,
}

const FUNCTIONS: [(&str, Function); 25] = [
    ("eq", |a| Ok(Value::Bool(a.text(0)? == a.text(1)?))),
    ("ne", |a| Ok(Value::Bool(a.text(0)? != a.text(1)?))),
    ("and", |a| Ok(Value::Bool(a.positional.iter().all(|v| truthy(v))))),
    ("or", |a| Ok(Value::Bool(a.positional.iter().any(|v| truthy(v))))),
    ("not", |a| Ok(Value::Bool(!a.positional.iter().any(|v| truthy(v))))),
    ("gt", |a| Ok(Value::Bool(a.number(0)? > a.number(1)?))),
    ("gte", |a| Ok(Value::Bool(a.number(0)? >= a.number(1)?))),
    ("lt", |a| Ok(Value::Bool(a.number(0)? < a.number(1)?))),
    ("lte", |a| Ok(Value::Bool(a.number(0)? <= a.number(1)?))),
    ("len", |a| match a.first() {
        Some(Value::Array(items)) => Ok(items.len().into()),
        Some(Value::String(text)) => Ok(text.chars().count().into()),
        _ => Err("wants a list or a text".into()),
    }),
    ("lookup", |a| match (a.first(), a.text(1)) {
        (Some(Value::Object(map)), Ok(key)) => {
            map.get(&key).cloned().ok_or_else(|| format!("there is no \"{key}\""))
        }
        (Some(Value::Array(items)), Ok(_)) => {
            let at = usize::try_from(a.number(1)?).map_err(|e| e.to_string())?;
            items.get(at).cloned().ok_or_else(|| format!("there is no item {at}"))
        }
        _ => Err("wants a list or a table, and what to look up".into()),
    }),
    ("add", |a| Ok((a.number(0)? + a.number(1)?).into())),
    ("hex", |a| {
        let digits = usize::try_from(a.number(1)?).ok().filter(|digits| *digits <= 64);
        let digits = digits.ok_or("writes at most 64 digits")?;
        Ok(format!("{:0digits$x}", a.number(0)?).into())
    }),
    ("upper", |a| Ok(a.text(0)?.to_uppercase().into())),
    ("lower", |a| Ok(a.text(0)?.to_lowercase().into())),
    ("reverse", |a| Ok(a.text(0)?.rsplit('.').collect::<Vec<_>>().join(".").into())),
    ("url", |a| Ok(percent_encode(&a.text(0)?).into())),
    ("shell", |a| Ok(format!("'{}'", a.text(0)?.replace('\'', "'\\''")).into())),
    ("guid", |a| Ok(format!("{{{}}}", a.text(0)?).into())),
    ("json", |a| match a.first() {
        Some(value) => Ok(value.to_string().into()),
        None => Err("wants a value".into()),
    }),
    ("folder", |a| Ok(format!("{}/", a.text(0)?.trim_end_matches('/')).into())),
    ("fileName", |a| Ok(crate::format::file_name(&a.text(0)?).into())),
    ("winPath", |a| Ok(a.texts()?.join("\\").into())),
    ("join", |a| match a.first() {
        Some(Value::Array(items)) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            let (texts, between) = (texts.ok_or("wants a list of texts")?, a.text(1)?);
            fits(texts.len(), between.len(), 0)?;
            Ok(texts.join(&between).into())
        }
        _ => Err("wants a list of texts, and what to put between them".into()),
    }),
    ("fill", |a| {
        let mut text = a.text(0)?;
        for (name, value) in &a.named {
            // The admin's own texts may omit a slot; tests/house/ checks the built-in ones.
            let value = scalar(value).ok_or(format!("{name} is no text"))?;
            let slot = format!("{{{name}}}");
            fits(text.matches(&slot).count(), value.len(), text.len())?;
            text = text.replace(&slot, &value);
        }
        Ok(text.into())
    }),
];

/// Registers all helpers. They replace those of Handlebars with the same names.
pub(super) fn register(registry: &mut Handlebars<'static>, marks: &Marks, budget: &StepBudget) {
    let helper = |function, finished| {
        let (marks, budget) = (marks.clone(), budget.clone());
        ValueHelper { marks, budget, function, finished }
    };
    for (name, function) in FUNCTIONS {
        let helper = helper(function, false);
        registry.register_helper(name, Box::new(helper));
    }
    registry.register_helper("regKey", Box::new(helper(registry_key, true)));
    let codes = Codes::default();
    for (name, size) in [("qr", false), ("qrSize", true)] {
        let (marks, budget, codes) = (marks.clone(), budget.clone(), codes.clone());
        let helper = QrHelper { marks, budget, codes, size };
        registry.register_helper(name, Box::new(helper));
    }
}

impl HelperDef for ValueHelper {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let argument = |value| {
            let value = behind(&self.marks, value);
            let taken = self.budget.take_bytes(size(&value));
            taken.map(|()| value).map_err(|why| failed(h.name(), &why))
        };
        let named = h.hash().iter().map(|(name, p)| Ok((&**name, argument(p.value())?)));
        let arguments = Arguments {
            named: named.collect::<Result<_, RenderError>>()?,
            positional: h.params().iter().map(|p| argument(p.value())).collect::<Result<_, _>>()?,
        };
        let result = (self.function)(&arguments).map_err(|why| failed(h.name(), &why))?;
        let result = match result {
            Value::String(text) => {
                // `lookup` in a table returns a mark.
                let text = if self.finished { text } else { self.marks.resolve(&text) };
                let name = h.name().to_owned();
                let recipe = || self.recipe(h);
                Value::String(self.marks.mark_made(text, name, self.finished, recipe))
            }
            other => {
                self.marks.asked(|| self.recipe(h), &other);
                other
            }
        };
        Ok(ScopedJson::Derived(result))
    }
}

impl ValueHelper {
    /// The same call for later: its arguments are resolved with the marks' values at that time.
    fn recipe(&self, h: &Helper<'_>) -> Recipe {
        let positional: Vec<Value> = h.params().iter().map(|p| p.value().clone()).collect();
        let named: Vec<(String, Value)> =
            h.hash().iter().map(|(name, p)| ((**name).to_owned(), p.value().clone())).collect();
        let mut of = Vec::new();
        positional
            .iter()
            .chain(named.iter().map(|(_, value)| value))
            .for_each(|v| texts(v, &mut of));
        let function = self.function;
        let compares = match positional.as_slice() {
            [Value::String(one), Value::String(other)] if h.name() == "eq" => {
                Some([one.clone(), other.clone()])
            }
            _ => None,
        };
        let make = move |marks: &Marks| {
            let arguments = Arguments {
                positional: positional.iter().map(|value| behind(marks, value)).collect(),
                named: named
                    .iter()
                    .map(|(name, value)| (name.as_str(), behind(marks, value)))
                    .collect(),
            };
            match function(&arguments)? {
                Value::String(text) => Ok(Value::String(marks.resolve(&text))),
                other => Ok(other),
            }
        };
        Recipe { of, make: Arc::new(make), compares }
    }
}

/// Replaces marks by their values.
fn behind<'a>(marks: &Marks, value: &'a Value) -> Cow<'a, Value> {
    match value {
        Value::String(text) => Cow::Owned(Value::String(marks.resolve(text))),
        Value::Array(items) => {
            let items = items.iter().map(|item| behind(marks, item).into_owned());
            Cow::Owned(Value::Array(items.collect()))
        }
        other => Cow::Borrowed(other),
    }
}

/// Whether a text of so many parts of this size, and of some bytes more, may be made.
fn fits(parts: usize, size: usize, more: usize) -> Result<(), String> {
    match parts.saturating_mul(size).saturating_add(more) > LARGEST {
        true => Err(format!("the text is larger than {} MiB", LARGEST / 1024 / 1024)),
        false => Ok(()),
    }
}

/// About the bytes of a value.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| 64 + size(item)).sum(),
        Value::Object(map) => map.values().map(|item| 64 + size(item)).sum(),
        _ => 0,
    }
}

/// Collects every text in a value.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(map) => map.values().for_each(|item| texts(item, found)),
        _ => {}
    }
}

impl Arguments<'_> {
    fn first(&self) -> Option<&Value> {
        self.positional.first().map(|value| &**value)
    }

    fn text(&self, at: usize) -> Result<String, String> {
        match self.positional.get(at) {
            Some(value) => {
                scalar(value).ok_or_else(|| format!("argument {} is missing or no text", at + 1))
            }
            None => Err(format!("argument {} is missing", at + 1)),
        }
    }

    fn texts(&self) -> Result<Vec<String>, String> {
        (0..self.positional.len()).map(|at| self.text(at)).collect()
    }

    fn number(&self, at: usize) -> Result<i64, String> {
        self.text(at)?.parse().map_err(|_| format!("argument {} is no whole number", at + 1))
    }
}

/// A missing argument arrives as null even in strict mode; it cannot be compared.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(_) => true,
    }
}

/// RFC 3986 section 2.1: encodes everything except the unreserved characters.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string takes everything");
        }
    }
    out
}

/// The path of a registry key. A key line has no escapes, so characters that would end it are
/// refused.
fn registry_key(arguments: &Arguments<'_>) -> Result<Value, String> {
    let parts = arguments.texts()?;
    match parts.iter().find(|p| p.is_empty() || p.contains(['[', ']', '\n', '\r'])) {
        Some(part) => Err(format!("\"{part}\" cannot stand in a registry key")),
        None => Ok(parts.join("\\").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str, context: &Value) -> Result<String, RenderError> {
        let marks = Marks::default();
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        register(&mut registry, &marks, &StepBudget::default());
        let escaping = marks.clone();
        registry.register_escape_fn(move |text| escaping.keep(text));
        let text = registry.render_template(template, context)?;
        Ok(marks.resolve(&text))
    }

    #[test]
    fn values_are_compared_and_not_their_marks() {
        let context = serde_json::json!({ "port": 25, "word": "SSL" });
        let text =
            render("{{#if (eq word \"SSL\")}}{{#if (eq port \"25\")}}yes{{/if}}{{/if}}", &context);
        assert_eq!(text.unwrap(), "yes");
    }

    #[test]
    fn what_is_looked_up_is_the_value_and_not_its_mark() {
        let marks = Marks::default();
        let mut registry = Handlebars::new();
        register(&mut registry, &marks, &StepBudget::default());
        let escaping = marks.clone();
        registry.register_escape_fn(move |text| escaping.keep(text));
        let context =
            serde_json::json!({ "t": { "a": marks.mark("<b>", "t") }, "k": marks.mark("a", "k") });
        let skeleton = registry.render_template("{{lookup t k}}", &context).unwrap();
        assert_eq!(marks.splice(&skeleton, &crate::format::FileFormat::Xml).unwrap(), "&lt;b&gt;");
    }

    #[test]
    fn a_missing_argument_is_an_error_and_not_null() {
        assert!(render("{{upper nothing}}", &Value::Null).is_err());
        assert!(render("{{url}}", &Value::Null).is_err());
    }

    #[test]
    fn paths_and_nested_quotings_are_made_by_helpers() {
        let context = serde_json::json!({ "dir": "C:\\x", "name": "o'neil & co" });
        assert_eq!(render("{{winPath dir name}}", &context).unwrap(), "C:\\x\\o'neil & co");
        assert_eq!(render("{{shell name}}", &context).unwrap(), "'o'\\''neil & co'");
        assert_eq!(render("{{url name}}", &context).unwrap(), "o%27neil%20%26%20co");
        assert_eq!(render("{{json name}}", &context).unwrap(), "\"o'neil & co\"");
        assert_eq!(render("{{hex 14 4}}", &context).unwrap(), "000e");
        assert_eq!(render("{{guid name}}", &context).unwrap(), "{o'neil & co}");
    }

    #[test]
    fn a_key_that_would_end_its_line_is_refused() {
        let context = serde_json::json!({ "name": "a]\n[b" });
        assert!(render("{{regKey \"HKEY_CURRENT_USER\" name}}", &context).is_err());
    }

    #[test]
    fn a_text_is_filled_where_it_has_a_slot() {
        let context = serde_json::json!({ "text": "to {host}", "h": "x" });
        assert_eq!(render("{{fill text host=h}}", &context).unwrap(), "to x");
        assert_eq!(render("{{fill text port=h}}", &context).unwrap(), "to {host}");
    }
}
