//! QR codes as PNG, for programs that show no SVG: the same code as in the SVG file of that name.

use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};
use qrcodegen::QrCode;

use crate::render::{Artifact, QUIET_ZONE, Recipient, qr_code};

use super::address::RequestedAddress;
use super::files::come_again;
use super::prepare::account;
use super::reply::{CacheControl, HttpReply};
use super::request::RequestHead;
use super::worker::Worker;

/// Pixels for each module.
const SCALE: u32 = 8;

impl Worker {
    /// Answers a path that ends in `.png`. `None` if there is no SVG route of that name.
    pub(super) async fn picture(&self, head: &RequestHead<'_>) -> Option<HttpReply> {
        let stem = head.path.strip_suffix(".png")?;
        let routes = &self.shared.builder.routes;
        let svg = format!("{stem}.svg");
        let matched = routes.find(&svg)?;
        if ![Method::GET, Method::HEAD].contains(head.method) {
            return Some(HttpReply::empty(StatusCode::METHOD_NOT_ALLOWED));
        }
        let asked = RequestedAddress::by_text(matched.address?);
        let Some(site) = self.site(head, &asked, true) else { return Some(self.no_provider(head)) };
        let Some(address) = asked.at(&site.domain) else {
            let words = "That is no e-mail address.\n";
            return Some(HttpReply::words(StatusCode::BAD_REQUEST, words));
        };
        let Ok(login) = self.login_name(&site, &address) else { return Some(come_again()) };
        let (number, owner) = (matched.number, site.owner);
        let made = self.build_blocking(head.client, &site, move |answers, provider, builder| {
            let take = &mut |artifact: Artifact<'_>| artifact.marks.qr_text();
            let recipient = Recipient::new(account(&address), login.as_deref());
            let text = answers.artifact(builder, provider, number, owner, &recipient, take);
            Ok(text?.flatten().and_then(|text| png(&qr_code(&text).ok()?).ok()))
        });
        Some(match made.await {
            Ok(Some(png)) => {
                HttpReply::new(HeaderValue::from_static("image/png"), png, CacheControl::NoStore)
            }
            // The file cannot be made, or a user's own template draws no code.
            Ok(None) => HttpReply::empty(StatusCode::NOT_FOUND),
            Err(reply) => reply,
        })
    }
}

/// A black-and-white PNG with one bit a pixel.
fn png(code: &QrCode) -> Result<Vec<u8>, png::EncodingError> {
    let modules = code.size() + 2 * QUIET_ZONE;
    let side = u32::try_from(modules).unwrap_or_default() * SCALE;
    let mut rows = Vec::new();
    for y in -QUIET_ZONE..code.size() + QUIET_ZONE {
        // Eight pixels are a byte, so each module is one; a module outside the code is light.
        let row = (-QUIET_ZONE..code.size() + QUIET_ZONE)
            .map(|x| if code.get_module(x, y) { 0x00 } else { 0xFF });
        let row: Vec<u8> = row.collect();
        (0..SCALE).for_each(|_| rows.extend_from_slice(&row));
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.write_header()?.write_image_data(&rows)?;
    Ok(bytes)
}
