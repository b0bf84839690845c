//! Checks the signature of a profile.

use crate::codes;
use crate::import::envelope::{self, Wrapping};
use crate::import::{DefectList, Reader, has_variable};

/// The problems with the signature, if there is one. `today` is in days since 1970.
pub fn signature(reader: Reader, bytes: &[u8], today: i64) -> DefectList {
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
    let first_to_end = envelope::lives(bytes).into_iter().min_by_key(|life| life.last);
    if let Some(message) = first_to_end.and_then(|life| ending(&life, today)) {
        add(codes::PROFILE_SIGNATURE_ENDS, message);
    }
    if let Some(signer) = envelope::signer(bytes) {
        add(codes::PROFILE_SIGNER, signed_by(&signer, today));
    }
    defects
}

fn signed_by(signer: &envelope::SignerCertificate, today: i64) -> String {
    let envelope::SignerCertificate { name, life } = signer;
    match life.days_left(today) {
        left if left < 0 => format!("signed by {name}, expired on {}", life.last_day),
        left => format!("signed by {name}, {left} days left, until {}", life.last_day),
    }
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
