//! Provider files, lists of domains and of their owners: read without a panic, and every mistake is
//! a finding.

use std::path::Path;

use mailwright::internals::finding::{Finding, Source, any_error};
use mailwright::internals::serve::{DomainOwners, DomainRules};
use mailwright::internals::settings::{ListFolder, read_provider};

pub fn provider_file(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (provider, findings) = read_provider("fuzzed", &Source::new("fuzzed.toml", text));
    assert!(provider.is_some() || any_error(&findings), "{findings:?}");
    show(&findings);
}

pub fn domain_list(bytes: &[u8]) {
    let here = Path::new(".");
    let lists = ListFolder { beside: here, within: here, most: 1000 };
    let text = String::from_utf8_lossy(bytes).into_owned();
    match lists.parse(Path::new("domains.txt"), text) {
        Ok(list) => {
            assert!(list.domains.len() + list.wildcards.len() <= 1000);
            assert!(list.domains.is_sorted() && list.wildcards.is_sorted());
        }
        Err(findings) => {
            assert!(!findings.is_empty());
            show(&findings);
        }
    }
}

pub fn domain_owners(bytes: &[u8]) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), bytes).expect("a file");
    let mut rules = DomainRules::new(DomainOwners::File(file.path().to_owned()));
    if let Err(findings) = rules.reload() {
        assert!(any_error(&findings), "{findings:?}");
        show(&findings);
    }
}

fn show(findings: &[Finding]) {
    for finding in findings {
        let _ = finding.to_string();
    }
}
