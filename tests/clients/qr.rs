//! Does a camera read in our QR codes what they are meant to say?

use std::fs;
use std::path::Path;

use crate::support::{self, Bundle};

#[test]
fn a_scanner_reads_the_payload_out_of_the_picture() {
    needs!("rsvg-convert", "zbarimg");
    let target = ["--target", "thunderbird-mobile"];
    let ann = ["ann@gmx.de", "--name", "Ann <Exämple> & \"Söhne\""];
    let bundle = Bundle::of(&[&["ann@outlook.com"], &target[..]].concat())
        .and(&[&ann, &target[..]].concat())
        .and(&[&["jörg@bücher.example", "--provider", "posteo"], &target[..]].concat());
    for picture in bundle.files("thunderbird-mobile", ".qr.svg") {
        let payload = fs::read_to_string(picture.with_extension("json")).expect("its payload");
        let seen = scan(&fs::read_to_string(&picture).expect("UTF-8"));
        assert_eq!(seen, payload.trim_end(), "{}", bundle.name(&picture));
    }
}

#[test]
fn a_scanner_reads_the_address_out_of_every_guide() {
    needs!("rsvg-convert", "zbarimg");
    let mut bundle = Bundle::new();
    for provider in support::providers() {
        bundle = bundle.and(&[&provider, "--target", "guide", "--language", "en"]);
    }
    let mut scanned = 0;
    for page in bundle.files("guide", ".html") {
        let text = fs::read_to_string(&page).expect("UTF-8");
        for rest in text.split("<svg ").skip(1) {
            let picture = rest.split("</svg>").next().expect("a picture ends");
            let picture = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" {picture}</svg>");
            // A link is printed as text beside the code that holds it.
            let seen = scan(&picture).replace('&', "&amp;");
            assert!(seen.starts_with("https://"), "{}: {seen}", bundle.name(&page));
            assert!(text.contains(&format!("href=\"{seen}\"")), "{}: {seen}", bundle.name(&page));
            scanned += 1;
        }
    }
    assert!(scanned > 0, "no guide has a code");
}

/// What a camera sees in a picture: black on white, 800 pixels wide.
#[track_caller]
pub fn scan(svg: &str) -> String {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let [picture, bitmap] = ["qr.svg", "qr.png"].map(|name| folder.path().join(name));
    fs::write(&picture, svg).expect("a temporary file");
    let mut convert = support::command("rsvg-convert");
    convert.args(["--width", "800", "--background-color", "white"]);
    support::run(convert.arg("-o").arg(&bitmap).arg(&picture)).fine();
    read(&bitmap)
}

#[track_caller]
pub fn read(bitmap: &Path) -> String {
    let mut scan = support::command("zbarimg");
    let said = support::run(scan.args(["--quiet", "--raw"]).arg(bitmap)).fine();
    said.stdout.trim_end().to_owned()
}
