//! What is only advice: a client takes the file, and its user is surprised.
//!
//! The readers hold what a client drops or guesses, and are judges of what we write; advice is for
//! files of others, where a setting can be meant so.

mod autoconfig;
mod autodiscover;
mod mobileconfig;

use crate::import::{Defect, Examined, Reader};

/// Everything worth saying about a file that was read.
pub fn advise(reader: Reader, text: &str, examined: &Examined) -> Vec<Defect> {
    match reader {
        Reader::Autoconfig => autoconfig::advise(text, examined),
        Reader::Autodiscover => autodiscover::advise(text, examined),
        Reader::Mobileconfig => mobileconfig::advise(text, examined),
        _ => Vec::new(),
    }
}

/// Whether a server of Microsoft refuses every password: those of Outlook.com since 2024-09-16,
/// POP3 and IMAP of Exchange Online since October 2022. What is left is OAuth2, which a file that
/// only knows passwords cannot say.
fn password_refused(hostname: &str) -> bool {
    let within = |parent: &str| {
        hostname.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    hostname == "outlook.office365.com"
        || ["smtp-mail.outlook.com", "pop-mail.outlook.com", "imap-mail.outlook.com", "live.com"]
            .into_iter()
            .any(within)
}
