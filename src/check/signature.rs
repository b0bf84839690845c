//! Checks the signature of a profile.

#[cfg(feature = "sign")]
mod chain;
mod verdict;
#[cfg(feature = "sign")]
mod verified;

use std::time::SystemTime;

use super::dates::day_of;
use crate::authorities::Authorities;
use crate::codes;
use crate::import::envelope::{self, Wrapping};
use crate::import::{DefectList, Reader, has_variable};
use verdict::{SignatureVerdict, SignerChain};

/// The problems with the signature, if there is one.
pub fn signature(
    reader: Reader,
    bytes: &[u8],
    now: SystemTime,
    authorities: &Authorities,
) -> DefectList {
    let mut defects = DefectList::default();
    if reader != Reader::Mobileconfig {
        return defects;
    }
    let Some((inside, Wrapping::Signed)) = envelope::open(bytes) else { return defects };
    let mut add = |code, message: String| defects.add(code, &(0..0), message);
    // A management system replaces the variables, which breaks the signature.
    if has_variable(&String::from_utf8_lossy(&inside)) {
        let message =
            "a signed profile has a variable in it that a management system would fill in";
        add(codes::PROFILE_SIGNED_VARIABLE, message.to_owned());
    }
    let today = day_of(now);
    let first_to_end = envelope::lives(bytes).into_iter().min_by_key(|life| life.last);
    if let Some(message) = first_to_end.and_then(|life| ending(&life, today)) {
        add(codes::PROFILE_SIGNATURE_ENDS, message);
    }
    let verdict = verdict(bytes, authorities, now);
    if let SignatureVerdict::Broken(why) = verdict {
        add(codes::PROFILE_SIGNATURE_BROKEN, format!("the signature is broken: {why}"));
    }
    if let Some(signer) = envelope::signer(bytes) {
        if let SignatureVerdict::Good { chain: SignerChain::Untrusted(why), .. } = &verdict
            // This was reported above.
            && signer.life.days_left(today) >= 0
        {
            let message = format!("the certificate of {} is not trusted: {why}", signer.name);
            add(codes::PROFILE_SIGNER_UNTRUSTED, message);
        }
        add(codes::PROFILE_SIGNER, named(&signer, &verdict, today));
    }
    defects
}

#[cfg(feature = "sign")]
fn verdict(bytes: &[u8], authorities: &Authorities, now: SystemTime) -> SignatureVerdict {
    verified::verified(bytes, authorities, now)
}

#[cfg(not(feature = "sign"))]
fn verdict(_: &[u8], _: &Authorities, _: SystemTime) -> SignatureVerdict {
    let why = "this program was built without the feature sign";
    SignatureVerdict::Unverified(why.to_owned())
}

/// The signer is a claim until somebody trusts the certificate.
fn named(signer: &envelope::SignerCertificate, verdict: &SignatureVerdict, today: i64) -> String {
    let envelope::SignerCertificate { name, life } = signer;
    let end = match life.days_left(today) {
        left if left < 0 => format!("expired on {}", life.last_day),
        left => format!("{left} days left, until {}", life.last_day),
    };
    let how = match verdict {
        SignatureVerdict::Good { is_weak: true, .. } => {
            "the signature fits, but over SHA-1, which is weak".to_owned()
        }
        SignatureVerdict::Good { chain: SignerChain::Trusted { root }, .. } => {
            let leads = match root {
                Some(root) => format!("leads to {root}"),
                None => "is trusted itself".to_owned(),
            };
            return format!("the profile is signed by {name} ({end}), whose certificate {leads}");
        }
        SignatureVerdict::Good { chain: SignerChain::Untrusted(_), .. } => {
            "the signature fits, but its certificate is not trusted".to_owned()
        }
        SignatureVerdict::Broken(_) => "the signature is broken".to_owned(),
        SignatureVerdict::Unverified(why) => format!("the signature was not verified: {why}"),
    };
    format!("the profile names {name} as its signer ({end}); {how}")
}

fn ending(life: &envelope::Life, today: i64) -> Option<String> {
    let (left, last_day) = (life.days_left(today), &life.last_day);
    if left < 0 {
        return Some(format!("a certificate of the signature expired on {last_day}"));
    }
    life.ends_soon(today)
        .then(|| format!("a certificate of the signature has {left} days left, until {last_day}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_in_the_last_third_and_thirty_days() {
        let told = |first, last, today| {
            ending(&envelope::Life { first, last, last_day: "that day".to_owned() }, today)
        };
        assert_eq!(told(0, 365, 334), None);
        assert!(told(0, 365, 336).is_some_and(|m| m.contains("has 29 days left, until that day")));
        assert_eq!(told(0, 6, 4), None);
        assert!(told(0, 6, 5).is_some());
        assert!(told(0, 365, 366).is_some_and(|m| m.contains("expired on that day")));
    }
}
