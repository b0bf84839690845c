//! QR codes as SVG path data.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use handlebars::{
    Context, Handlebars, Helper, HelperDef, Output, RenderContext, RenderError, Renderable,
    StringOutput,
};
use qrcodegen::{Mask, QrCode, QrCodeEcc, QrSegment, Version};
use serde_json::Value;

use super::super::budget::StepBudget;
use super::super::marks::{Marks, Recipe};
use super::error::failed;

/// `{{#qr}}text{{/qr}}`: the SVG path data of a QR code with a quiet zone of 4 modules, to be drawn
/// with a stroke one unit (one module) wide.
pub(super) struct QrHelper {
    pub(super) marks: Marks,
    pub(super) budget: StepBudget,
    pub(super) codes: Codes,
    pub(super) size: bool,
}

/// payload → side length and path. A file needs both, and the guides in all languages use the same
/// code, while choosing the mask costs as much as a whole file.
#[derive(Clone, Default)]
pub(super) struct Codes(Arc<Mutex<BTreeMap<String, (String, String)>>>);

/// More than one user's files need.
const CODES_KEPT: usize = 16;

/// A code takes as long as a helper that works on this many bytes.
const COST: usize = 32 * 1024;

/// ISO/IEC 18004 section 9.1 requires four modules of white around the code.
pub(crate) const QUIET_ZONE: i32 = 4;

impl HelperDef for QrHelper {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> Result<(), RenderError> {
        let mut inner = StringOutput::new();
        if let Some(template) = h.template() {
            template.render(registry, context, rc, &mut inner)?;
        }
        let text = inner.into_string().map_err(|e| failed(h.name(), &e.to_string()))?;
        self.budget.take_bytes(COST + text.len()).map_err(|why| failed(h.name(), &why))?;
        let payload = self.marks.resolve(text.trim());
        let result = self.codes.get(&payload, self.size).map_err(|why| failed(h.name(), &why))?;
        self.marks.set_qr_text(payload);
        let recipe = || {
            let (text, codes, size) = (text.trim().to_owned(), self.codes.clone(), self.size);
            Recipe {
                of: vec![text.clone()],
                make: Arc::new(move |marks| {
                    codes.get(&marks.resolve(&text), size).map(Value::String)
                }),
                compares: None,
            }
        };
        out.write(&self.marks.mark_made(result, "qr", false, recipe))?;
        Ok(())
    }
}

impl Codes {
    fn get(&self, payload: &str, size: bool) -> Result<String, String> {
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !codes.contains_key(payload) {
            let code =
                encode(payload).map_err(|e| format!("{} bytes do not fit: {e}", payload.len()))?;
            // The codes of earlier users are no longer needed.
            if codes.len() >= CODES_KEPT {
                codes.clear();
            }
            let side = (code.size() + 2 * QUIET_ZONE).to_string();
            codes.insert(payload.to_owned(), (side, path_data(&code)));
        }
        let (side, path) = &codes[payload];
        Ok(if size { side.clone() } else { path.clone() })
    }
}

/// Evaluating all eight masks takes four times as long as everything else about a code, and a phone
/// reads any of them. ISO/IEC 18004 section 7.8.3 scores masks to avoid large areas of one colour,
/// which a code of a few hundred letters hardly has. zbar read all of 399 users' codes with this
/// mask.
const MASK: u8 = 0;

/// Marks non-ASCII text as UTF-8: otherwise zbar 0.23 reads `ä` as a Chinese character. ISO/IEC
/// 18004 section 7.4.2, ECI 26
pub(crate) fn encode(payload: &str) -> Result<QrCode, qrcodegen::DataTooLong> {
    let mut segments = QrSegment::make_segments(payload);
    if !payload.is_ascii() {
        segments.insert(0, QrSegment::make_eci(26));
    }
    let (smallest, largest) = (Version::MIN, Version::MAX);
    // Use a higher error correction level if the code does not get larger.
    let boost = true;
    QrCode::encode_segments_advanced(
        &segments,
        QrCodeEcc::Low,
        smallest,
        largest,
        Some(Mask::new(MASK)),
        boost,
    )
}

/// The numbers up to the size of the largest code. Formatting thousands of numbers takes longer
/// than making the code.
static NUMBERS: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..=177 + QUIET_ZONE).map(|n| n.to_string()).collect());

/// Draws each row as one line with gaps, one unit wide: half as long as the outlines of the
/// modules.
fn path_data(code: &QrCode) -> String {
    let number = |n: i32| usize::try_from(n).ok().and_then(|n| NUMBERS.get(n)).map_or("", |n| n);
    let mut path = String::with_capacity(8 * 1024);
    let mut row = Vec::new();
    for y in 0..code.size() {
        row.clear();
        row.extend((0..code.size()).map(|x| code.get_module(x, y)));
        let (mut x, mut end) = (0, None);
        for run in row.chunk_by(|a, b| a == b) {
            let length = i32::try_from(run.len()).unwrap_or_default();
            if run[0] {
                match end {
                    None => {
                        path.push('M');
                        path.push_str(number(x + QUIET_ZONE));
                        path.push(' ');
                        path.push_str(number(y + QUIET_ZONE));
                        path.push_str(".5h");
                    }
                    Some(end) => {
                        path.push('m');
                        path.push_str(number(x - end));
                        path.push_str(" 0h");
                    }
                }
                path.push_str(number(length));
                end = Some(x + length);
            }
            x += length;
        }
    }
    path
}
