//! QR codes as PNG, for programs that show no SVG. The code is read from the SVG file of the same
//! name.

use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};

use super::address::RequestedAddress;
use super::prepare::account;
use super::reply::{CacheControl, HttpReply};
use super::request::RequestHead;
use super::worker::Worker;

/// Pixels for each module.
const SCALE: usize = 8;

/// The modules of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
struct QrCode {
    side: usize,
    /// Dark runs: row, first column, column after the last.
    dark: Vec<(usize, usize, usize)>,
}

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
        let Some(site) = self.site(head, &asked, true) else { return Some(self.no_provider()) };
        let Some(address) = asked.at(&site.domain) else {
            let words = "That is no e-mail address.\n";
            return Some(HttpReply::words(StatusCode::BAD_REQUEST, words));
        };
        let (number, owner) = (matched.number, site.owner);
        let made = self.build_blocking(&site, move |answers, provider, builder| {
            answers.in_full(builder, provider, number, owner, account(&address))
        });
        let svg = match made.await {
            Ok(Some(svg)) => svg,
            Ok(None) => return Some(HttpReply::empty(StatusCode::NOT_FOUND)),
            Err(reply) => return Some(reply),
        };
        let picture = QrCode::read(&String::from_utf8_lossy(&svg)).map(|code| code.png());
        Some(match picture {
            Some(Ok(png)) => {
                HttpReply::new(HeaderValue::from_static("image/png"), png, CacheControl::NoStore)
            }
            // Somebody's own template draws the code in another way.
            _ => HttpReply::empty(StatusCode::NOT_FOUND),
        })
    }
}

impl QrCode {
    /// Reads the drawing of the template helper `qr`: rows of strokes such as `M4 4.5h7m2 0h3`, in
    /// a square that starts at 0.
    fn read(svg: &str) -> Option<Self> {
        let after = |text: &str, mark: &str| text.split_once(mark).map(|(_, rest)| rest.to_owned());
        let square = after(svg, "viewBox=\"0 0 ")?;
        let side: usize = square.split([' ', '"']).next()?.parse().ok()?;
        let path = after(svg, " d=\"M")?;
        let path = path.split('"').next()?;
        let mut dark = Vec::new();
        for row in path.split('M') {
            let mut strokes = row.split('m');
            let first = strokes.next()?;
            let (place, length) = first.split_once(".5h")?;
            let (x, y) = place.split_once(' ')?;
            let y: usize = y.parse().ok()?;
            let mut end = x.parse::<usize>().ok()?;
            let mut stroke = |gap: usize, length: usize| {
                let from = end + gap;
                end = from + length;
                (y < side && end <= side).then(|| dark.push((y, from, end)))
            };
            stroke(0, length.parse().ok()?)?;
            for more in strokes {
                let (gap, length) = more.split_once(" 0h")?;
                stroke(gap.parse().ok()?, length.parse().ok()?)?;
            }
        }
        // The largest code has 177 modules, and a margin of 4 on each side.
        (side <= 185).then_some(Self { side, dark })
    }

    /// A black-and-white PNG with one bit a pixel.
    fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let width = self.side * SCALE;
        let line = width.div_ceil(8);
        let mut rows = vec![0xFF; line * width];
        for (y, from, to) in &self.dark {
            for x in from * SCALE..to * SCALE {
                for row in y * SCALE..(y + 1) * SCALE {
                    rows[row * line + x / 8] &= !(0x80 >> (x % 8));
                }
            }
        }
        let mut bytes = Vec::new();
        let side = u32::try_from(width).unwrap_or_default();
        let mut encoder = png::Encoder::new(&mut bytes, side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        encoder.write_header()?.write_image_data(&rows)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_become_the_modules_that_they_cover() {
        let svg = "<svg viewBox=\"0 0 9 9\"><path d=\"M1 2.5h3m1 0h2M4 3.5h1\"/></svg>";
        let code = QrCode::read(svg).unwrap();
        assert_eq!(code.dark, [(2, 1, 4), (2, 5, 7), (3, 4, 5)]);
        assert!(code.png().unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
        for other in [
            "",
            "<svg viewBox=\"0 0 9 9\"/>",
            "<svg viewBox=\"0 0 9 9\"><path d=\"M1 2.5h30\"/></svg>",
        ] {
            assert_eq!(QrCode::read(other), None, "{other}");
        }
    }
}
