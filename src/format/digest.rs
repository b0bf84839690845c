//! The SHA-256 of a finished file, as DNS and people are told it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::hex;

/// In hexadecimal digits, as `sha256sum` prints it.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// In base64, as a record has it.
pub fn sha256_base64(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

/// The text of the TXT record that clients check the file against (draft-ietf-mailmaint-pacc).
pub fn digest_record(bytes: &[u8]) -> String {
    format!("v=UAAC1; a=sha256; d={}", sha256_base64(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_that_of_the_exact_bytes() {
        // FIPS 180-2, the message "abc".
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), hex);
        let record = "v=UAAC1; a=sha256; d=ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        assert_eq!(digest_record(b"abc"), record);
        assert_ne!(digest_record(b"abc\n"), record);
    }
}
