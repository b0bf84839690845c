//! How fast finished files are read and judged, in bytes a second for each format: `cargo bench --bench readers`.
//!
//! The files are the right ones of `tests/fixtures/check`, so that all rules look at all files.

use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mailwright::internals::check::advice::advise;
use mailwright::internals::import::{Reader, provider_file, recognise};

/// The texts of all right files that this reader reads.
fn texts(reader: Reader) -> Vec<String> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/check");
    let mut texts = Vec::new();
    for rule in std::fs::read_dir(fixtures).expect("the fixtures are there") {
        for file in std::fs::read_dir(rule.expect("an entry").path()).expect("a rule's folder") {
            let path = file.expect("an entry").path();
            if path.file_stem().is_some_and(|stem| stem == "good") {
                let bytes = std::fs::read(&path).expect("a fixture can be read");
                texts.extend(recognise(&bytes).filter(|(of, _)| *of == reader).map(|(_, t)| t));
            }
        }
    }
    texts
}

fn formats(criterion: &mut Criterion) {
    for (name, reader) in Reader::ALL {
        let texts = texts(reader);
        assert!(!texts.is_empty(), "no fixture for {name}");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum()));
        group.bench_function("check", |bencher| {
            bencher.iter(|| {
                let wrong = |text: &String| {
                    let examined = reader.examine(text);
                    examined.defects.len() + advise(reader, text, &examined).len()
                };
                texts.iter().map(wrong).sum::<usize>()
            });
        });
        group.bench_function("import", |bencher| {
            bencher.iter(|| {
                let imported = |text: &&String| {
                    let config = reader.examine(text).config;
                    provider_file(&config, "bench", &mut Vec::new()).is_some()
                };
                texts.iter().filter(imported).count()
            });
        });
        group.finish();
    }
}

criterion_group!(benches, formats);
criterion_main!(benches);
