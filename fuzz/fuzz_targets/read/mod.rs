//! What every target does with its bytes.

use mailwright::internals::check::advice::advise;
use mailwright::internals::check::defects;
use mailwright::internals::check::fix::fix;
use mailwright::internals::finding::{Source, any_error};
use mailwright::internals::import::{Reader, provider_file, recognise};
use mailwright::internals::settings::read_provider;

/// Fixes, reads as a client would, tells what is wrong, and makes a provider file that ours must take.
pub fn all(reader: Reader, bytes: &[u8]) {
    // Whatever a file is taken for by what is in it.
    let _ = recognise(bytes);
    if let Some(fixed) = fix(bytes, &|_| true) {
        assert_ne!(fixed.bytes, bytes);
        // What is fixed stays so, and no fix undoes another.
        let again = fix(&fixed.bytes, &|code| fixed.codes.contains(&code));
        assert_eq!(again.map(|again| again.after), None, "{:?}", fixed.codes);
    }
    let text = String::from_utf8_lossy(bytes);
    let examined = reader.examine(&text);
    let advice = advise(reader, &text, &examined);
    let source = Source::new("fuzzed", text.clone().into_owned());
    for defect in examined.defects.iter().chain(advice.iter()) {
        assert!(text.is_char_boundary(defect.span.start.min(text.len())), "{defect:?}");
        let _ = defects::finding(defect, &source).to_string();
    }
    let mut findings = Vec::new();
    if let Some(provider) = provider_file(&examined.config, "fuzzed", &mut findings) {
        let (_, wrong) = read_provider("fuzzed", &Source::new("fuzzed.toml", provider.clone()));
        assert!(!any_error(&wrong), "{wrong:?} in {provider}");
    }
}
