//! Turns each draft in a user's bundle into a message, with all other files attached as one zip.
//!
//! A draft is a file of media type message/rfc822, as a template writes it: a line `Subject: …`, an
//! empty line, and the text. The attachment is the zip that `--zip-each` would write for this user.

use super::stream::{Packer, ZipStream};
use super::{Bundle, OutFile, manifest};
use crate::codes;
use crate::finding::Finding;
use crate::format::mailbox::Mailbox;
use crate::format::message::Message;
use crate::model::{EmailAddress, Text};

/// The media type of a draft.
pub const MEDIA_TYPE: &str = "message/rfc822";

/// The sender of the messages, and their date.
#[derive(Debug, Clone)]
pub struct Sender {
    pub from: Mailbox,
    pub date: Option<u64>,
}

pub fn is_draft(media_type: &str) -> bool {
    media_type.split(';').next() == Some(MEDIA_TYPE)
}

/// Replaces the drafts by messages; a bundle without drafts is not changed. Problems are returned
/// as findings.
pub fn compose(
    bundle: &mut Bundle,
    name: Option<&Text>,
    sender: &Sender,
    packer: &mut Packer,
) -> Vec<Finding> {
    if !bundle.files.iter().any(|file| is_draft(&file.media_type)) {
        return Vec::new();
    }
    let failed = |code, message: &str| vec![Finding::new(code, message).subject(&bundle.subject)];
    let Ok(address) = EmailAddress::new(&bundle.subject) else {
        return failed(codes::MESSAGE_FOR_NOBODY, "a message is for one person, and this is none");
    };
    let (drafts, files): (Vec<OutFile>, Vec<OutFile>) =
        bundle.files.drain(..).partition(|file| is_draft(&file.media_type));
    let attached = Bundle { folder: bundle.folder.clone(), subject: bundle.subject.clone(), files };
    if attached.files.is_empty() {
        let mut findings =
            failed(codes::MESSAGE_WITHOUT_FILES, "there is nothing to attach to a message");
        findings.iter_mut().for_each(|finding| {
            finding.help = Some("name further targets beside this one, or none for all".to_owned());
        });
        return findings;
    }
    if attached.is_secret() {
        let mut findings = failed(
            codes::PASSWORD_IN_MESSAGE,
            "a message would carry files with the password in clear",
        );
        findings.iter_mut().for_each(|finding| {
            finding.help = Some(
                "leave --password-from out: the mail program asks for the password".to_owned(),
            );
        });
        return findings;
    }
    let zip = match zip(&attached, packer) {
        Ok(zip) => zip,
        Err(e) => {
            return failed(codes::MESSAGE_TOO_LARGE, &format!("cannot attach the files: {e}"));
        }
    };
    let mut findings = Vec::new();
    if address.needs_smtputf8() || sender.from.address.needs_smtputf8() {
        // Reported once for all users.
        let message =
            "messages with addresses outside ASCII need a mail server that takes SMTPUTF8";
        findings.push(Finding::new(codes::MESSAGE_SMTPUTF8, message).spec("RFC 6531"));
    }
    let to = Mailbox { name: name.cloned(), address };
    let zip_name = format!("{}.zip", crate::format::file_name(&attached.subject));
    bundle.files = attached.files;
    for mut draft in drafts {
        match parts(&draft.bytes) {
            Ok((subject, text)) => {
                let zip = (zip_name.as_str(), &zip[..]);
                let from = &sender.from;
                draft.bytes =
                    Message { from, to: &to, date: sender.date, subject, text, zip }.to_bytes();
                bundle.files.push(draft);
            }
            Err(why) => findings.push(
                Finding::new(codes::MESSAGE_NO_DRAFT, format!("{}: {why}", draft.path))
                    .target(&draft.target)
                    .subject(&bundle.subject)
                    .help("its template begins with \"Subject: …\" and an empty line"),
            ),
        }
    }
    bundle.files.sort_by(|a, b| a.path.cmp(&b.path));
    findings
}

/// The subject and the text of a draft.
fn parts(draft: &[u8]) -> Result<(&str, &str), &'static str> {
    let draft = str::from_utf8(draft).map_err(|_| "it is not UTF-8")?;
    let rest = draft.strip_prefix("Subject: ").ok_or("it does not begin with a subject")?;
    let (subject, text) = rest.split_once("\n\n").ok_or("no empty line ends its head")?;
    match subject.trim() {
        "" => Err("its subject is empty"),
        subject if subject.contains(char::is_control) => Err("its subject has several lines"),
        subject => Ok((subject, text)),
    }
}

/// All files and the manifest as a zip, sorted by path.
fn zip(bundle: &Bundle, packer: &mut Packer) -> std::io::Result<Vec<u8>> {
    let manifest = manifest::render(bundle);
    let files = bundle.files.iter().map(|file| (file.path.as_str(), &file.bytes[..]));
    let mut files: Vec<_> = files.chain([(manifest::FILE, &manifest[..])]).collect();
    files.sort_unstable_by_key(|(path, _)| *path);
    let packed = files.into_iter().map(|(path, bytes)| packer.pack(path.to_owned(), bytes));
    ZipStream::in_memory(&packed.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(draft: &str, secret: bool) -> Bundle {
        let file = |path: &str, media_type: &str, bytes: &str| OutFile {
            path: path.into(),
            bytes: bytes.into(),
            media_type: media_type.into(),
            secret,
            ..OutFile::default()
        };
        let files = vec![
            file("user-message/message.en.eml", "message/rfc822", draft),
            file("t/a", "text/plain", "a"),
        ];
        Bundle { folder: "x.org/ann@x.org".into(), subject: "ann@x.org".into(), files }
    }

    fn codes(mut bundle: Bundle) -> Vec<&'static str> {
        let sender = Sender { from: "it@x.org".parse().unwrap(), date: None };
        let findings = compose(&mut bundle, None, &sender, &mut Packer::new(6));
        findings.iter().map(|finding| finding.code.name).collect()
    }

    #[test]
    fn a_draft_has_a_subject_an_empty_line_and_a_text() {
        assert_eq!(codes(bundle("Subject: Hi\n\nText\n", false)), [""; 0]);
        for draft in [
            "",
            "Hi\n\nText\n",
            "Subject: Hi\nText\n",
            "Subject: \n\nText\n",
            "Subject: a\nBcc: b\n\nc",
        ] {
            assert_eq!(codes(bundle(draft, false)), ["message-no-draft"], "{draft:?}");
        }
    }

    #[test]
    fn no_message_carries_a_password_or_nothing() {
        assert_eq!(codes(bundle("Subject: Hi\n\nText\n", true)), ["password-in-message"]);
        let mut alone = bundle("Subject: Hi\n\nText\n", false);
        alone.files.pop();
        assert_eq!(codes(alone), ["message-without-files"]);
        let mut nobody = bundle("Subject: Hi\n\nText\n", false);
        nobody.subject = "x.org".into();
        assert_eq!(codes(nobody), ["message-for-nobody"]);
    }
}
