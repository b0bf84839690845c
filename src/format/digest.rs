//! The SHA-256 digest of a finished file, in the forms for DNS and for people.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::hex;

/// The digest in lower-case hexadecimal digits, as `sha256sum` prints it.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The digest in base64, as DNS records contain it.
pub fn sha256_base64(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

/// The TXT record with which clients verify the file (draft-ietf-mailmaint-pacc).
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
