//! QR codes: the profile's address, for a telephone's camera.

use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};
use qrcodegen::{QrCode, QrCodeEcc};

use super::address::Asked;
use super::handle::Head;
use super::reply::{Keep, Reply};
use super::worker::Worker;

/// Light modules around a code. ISO/IEC 18004 section 6.3.8
const QUIET: i32 = 4;
/// Pixels of a module.
const SCALE: i32 = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Svg,
    Png,
}

const ENDINGS: [(&str, Form); 2] = [(".profile.svg", Form::Svg), (".profile.png", Form::Png)];

impl Worker {
    /// The answer, where the path is a code's.
    pub(super) async fn qr(&self, head: &Head<'_>, _route: &mut usize) -> Option<Reply> {
        let name = head.path.strip_prefix('/')?;
        let (name, form) =
            ENDINGS.iter().find_map(|(ending, form)| Some((name.strip_suffix(ending)?, *form)))?;
        if ![Method::GET, Method::HEAD].contains(head.method) {
            return Some(Reply::empty(StatusCode::METHOD_NOT_ALLOWED));
        }
        let asked = Asked::by_text(name);
        let Some(site) = self.site(head, &asked, true) else { return Some(self.nobody()) };
        let Some(address) = asked.at(&site.domain) else {
            let words = "That is no e-mail address.\n";
            return Some(Reply::words(StatusCode::BAD_REQUEST, words));
        };
        // Never the name that the request gives, which may be anybody's.
        let host = match &self.shared.options.canonical_host {
            Some(host) => host.to_string(),
            None => format!("autoconfig.{}", site.domain),
        };
        let address = crate::render::percent_encode(address.as_str()).replace("%40", "@");
        Some(code(&format!("https://{host}/{address}.mobileconfig"), form))
    }
}

fn code(text: &str, form: Form) -> Reply {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else {
        return Reply::empty(StatusCode::NOT_FOUND);
    };
    match form {
        Form::Svg => {
            Reply::new(HeaderValue::from_static("image/svg+xml"), svg(&code), Keep::Nobody)
        }
        Form::Png => match png(&code) {
            Ok(bytes) => Reply::new(HeaderValue::from_static("image/png"), bytes, Keep::Nobody),
            Err(_) => Reply::empty(StatusCode::INTERNAL_SERVER_ERROR),
        },
    }
}

/// Rows of strokes, as the helper `qr` of templates draws them.
fn svg(code: &QrCode) -> String {
    use std::fmt::Write as _;
    let whole = code.size() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let start = x;
            while x < code.size() && code.get_module(x, y) {
                x += 1;
            }
            if x > start {
                let _ = write!(path, "M{} {}.5h{}", start + QUIET, y + QUIET, x - start);
            }
            x += 1;
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{whole}v{whole}H0z\"/>\
         <path stroke=\"#000\" d=\"{path}\"/></svg>\n"
    )
}

/// One bit a pixel.
fn png(code: &QrCode) -> Result<Vec<u8>, png::EncodingError> {
    let whole = (code.size() + 2 * QUIET) * SCALE;
    let width = usize::try_from(whole).unwrap_or_default();
    let mut rows = vec![0u8; width.div_ceil(8) * width];
    for y in 0..whole {
        for x in 0..whole {
            // Outside the code there are no dark modules.
            if !code.get_module(x / SCALE - QUIET, y / SCALE - QUIET) {
                let at = |n: i32| usize::try_from(n).unwrap_or_default();
                rows[at(y) * width.div_ceil(8) + at(x) / 8] |= 0x80 >> (at(x) % 8);
            }
        }
    }
    let mut bytes = Vec::new();
    let side = u32::try_from(whole).unwrap_or_default();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.write_header()?.write_image_data(&rows)?;
    Ok(bytes)
}
