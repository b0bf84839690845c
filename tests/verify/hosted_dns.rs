//! What DNS says of a domain: digests, services, and where Autodiscover is.

use crate::dns::Record;
use crate::hosted_site::*;
use crate::web::{self, Asked, Reply};

#[test]
fn a_pacc_file_is_held_against_its_digest_in_dns() {
    use base64::Engine as _;
    use sha2::Digest as _;
    const BODY: &str = r#"{"protocols":{"imap":{"host":"mail.example.test"},"smtp":{"host":"mail.example.test"}},"authentication":{"password":true}}"#;
    let pacc = |asked: &Asked, reply: Reply| match asked.host.as_str() {
        "ua-auto-config.example.test" => web::page("application/json", BODY),
        _ => reply,
    };
    let digest = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(BODY));
    let place = "pacc https://ua-auto-config.example.test/";
    for (value, expected) in [
        (Some(digest), None),
        (Some("AAAA".to_owned()), Some("pacc-digest-wrong")),
        (None, Some("pacc-digest-missing")),
    ] {
        let mut records = srv();
        records.extend(value.map(|digest| {
            let text = Record::Txt(format!("v=UAAC1; a=sha256; d={digest}"));
            ("_ua-auto-config.example.test", text)
        }));
        let (_, json) = Site::new(pacc, records).with_settings(&[]);
        assert_eq!(codes(&json, place).first().map(String::as_str), expected, "{json:#}");
        assert_eq!(finds(&json, "Himalaya")["servers"][0], "imap mail.example.test:993 SSL");
    }
}

#[test]
fn records_that_lead_astray_are_named() {
    let with = |record: (&'static str, Record)| {
        let mut records: Vec<_> = srv().into_iter().filter(|(name, _)| *name != record.0).collect();
        records.push(record);
        Site::new(|_, reply| reply, records).with_settings(&[]).1
    };
    let dns = "dns example.test";
    for (record, code) in [
        (
            ("_submission._tcp.example.test", Record::Srv(0, 465, "mail.example.test")),
            "srv-differs",
        ),
        (("_imaps._tcp.example.test", Record::Srv(0, 993, "old.example.test")), "srv-differs"),
        (("_imap._tcp.example.test", Record::Srv(0, 143, "mail.example.test")), "srv-differs"),
        (("_pop3s._tcp.example.test", Record::Srv(0, 0, ".")), "srv-denies"),
        (("mail.example.test", Record::Cname("host.example.test")), "srv-target-alias"),
    ] {
        let json = with(record.clone());
        assert!(codes(&json, dns).contains(&code.to_owned()), "{record:?}: {json:#}");
    }
}

#[test]
fn autodiscover_behind_its_own_srv_record_is_found() {
    let moved = |asked: &Asked, reply: Reply| match asked.host.starts_with("autodiscover.") {
        true => web::nothing(),
        false if asked.host.starts_with("ua-auto-config.") && is_autodiscover(asked) => {
            let host = "autodiscover.example.test".to_owned();
            right(&elsewhere(), &Asked { host, ..asked.clone() })
        }
        false => reply,
    };
    let mut records = srv();
    let target = Record::Srv(0, 443, "ua-auto-config.example.test");
    records.push(("_autodiscover._tcp.example.test", target));
    let (_, json) = Site::new(moved, records).with_settings(&[]);
    let place = "https://ua-auto-config.example.test/autodiscover/autodiscover.xml";
    assert_eq!(finds(&json, "Outlook")["place"], place, "{json:#}");
}
