//! Mail servers that say anything: the dialogue ends without a panic, tells no secret, and nothing
//! of it steers the terminal. The first byte chooses the authentication method.

use mailwright::internals::model::{Secret, ServerType};
use mailwright::internals::verify::{Mechanism, rehearse};

pub fn pop3(bytes: &[u8]) {
    talk(ServerType::Pop3, bytes);
}

pub fn imap(bytes: &[u8]) {
    talk(ServerType::Imap, bytes);
}

pub fn smtp(bytes: &[u8]) {
    talk(ServerType::Smtp, bytes);
}

const SECRET: &str = "s3cret-w0rd";

fn talk(server: ServerType, bytes: &[u8]) {
    let Some((first, says)) = bytes.split_first() else { return };
    let mechanism = Mechanism::ALL[usize::from(*first) % Mechanism::ALL.len()];
    let told = rehearse(server, mechanism, &Secret::new(SECRET.to_owned()), says);
    let says_secret = String::from_utf8_lossy(says).contains(SECRET);
    for line in told {
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(says_secret || !line.contains(SECRET), "{line:?}");
    }
}
