//! Reads lists as programs and people write them.

use std::io;

use super::*;
use crate::model::EmailAddress;

fn read(bytes: &[u8]) -> Vec<ListRow> {
    read_with(bytes, &[]).expect("a list")
}

fn read_with(bytes: &[u8], wanted: &[Column]) -> Result<Vec<ListRow>, Error> {
    let source = Box::new(io::Cursor::new(bytes.to_vec()));
    Users::open("users.csv", source, wanted)?.collect()
}

fn addresses(rows: &[ListRow]) -> Vec<&str> {
    rows.iter().map(|row| row.user.as_ref().map_or("-", |user| user.address.as_str())).collect()
}

fn names(rows: &[ListRow]) -> Vec<&str> {
    let name = |row: &'_ ListRow| row.user.as_ref().ok().and_then(|user| user.display_name.clone());
    rows.iter()
        .map(|row| name(row).map_or("-", |n| Box::leak(n.to_string().into_boxed_str())))
        .collect()
}

const ANN: &str = "ann@example.com";

#[test]
fn columns_are_found_by_their_names_in_any_order_and_spelling() {
    for text in [
        "Display Name,E-Mail Address\nAnn Example,ann@example.com\n",
        "E-Mail;Name\r\nann@example.com;\"Ann Example\"\r\n",
        "mail\tcn\nann@example.com\tAnn Example\n",
        "Nachname;Vorname;E-Mail-Adresse\nExample;Ann;ann@example.com\n",
        "sn,givenName,proxy,mail\nExample,Ann,x,ann@example.com\n",
        "\u{FEFF}First Name [Required],Last Name [Required],Email Address [Required]\nAnn,Example,ann@example.com\n",
        "{\"mail\": \"ann@example.com\", \"displayName\": \"Ann Example\"}\n",
    ] {
        let rows = read(text.as_bytes());
        assert_eq!((addresses(&rows), names(&rows)), (vec![ANN], vec!["Ann Example"]), "{text}");
        assert_eq!(rows[0].line, if text.starts_with('{') { 1 } else { 2 }, "{text}");
    }
}

#[test]
fn excels_encodings_are_read() {
    let text = "E-Mail;Anzeigename\r\nann@example.com;\"Ännchen; \u{1F600}\"\r\n";
    let little: Vec<u8> =
        "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> =
        "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for bytes in [text.as_bytes().to_vec(), little, big] {
        assert_eq!(names(&read(&bytes)), ["Ännchen; \u{1F600}"]);
    }
    assert_eq!(names(&read(b"mail,name\nann@example.com,\xC4nnchen\n")), ["Ännchen"]);
}

#[test]
fn a_bare_list_of_addresses_needs_no_header() {
    let rows = read(b"ann@example.com\n\nbob@example.com\n");
    assert_eq!(addresses(&rows), [ANN, "bob@example.com"]);
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn a_column_that_is_named_wins_and_one_that_is_missing_is_told() {
    let text = b"mail,private\nann@example.com,ann@home.example\n";
    let column = |text: &str| text.parse::<Column>().unwrap();
    let rows = read_with(text, &[column("address=private")]).unwrap();
    assert_eq!(addresses(&rows), ["ann@home.example"]);
    let error = read_with(text, &[column("address=office")]).unwrap_err().to_string();
    assert_eq!(error, "users.csv has no column \"office\"; it has mail, private");
    let error = read_with(b"a,b\n1,2\n", &[]).unwrap_err().to_string();
    assert!(error.contains("has no column of addresses; it has a, b"), "{error}");
    assert!("mail".parse::<Column>().unwrap_err().contains("address, displayName"));
    assert!("x=y".parse::<Column>().unwrap_err().contains("is none of"));
    assert!(matches!(read_with(b" \n", &[]), Err(Error::Empty { .. })));
}

#[test]
fn everything_about_a_user_can_be_her_own() {
    let rows = read(
        b"address,username,language,incoming server,smtp server\n\
          ann@example.com,EXAMPLE\\ann,pt_BR,imap2.example.com,smtp.%EMAILDOMAIN%\n",
    );
    let user = rows[0].user.as_ref().unwrap();
    assert_eq!(user.username.as_ref().unwrap().to_string(), "EXAMPLE\\ann");
    assert_eq!(user.language.as_deref(), Some("pt-BR"));
    assert_eq!(user.incoming.as_ref().unwrap().as_str(), "imap2.example.com");
    assert_eq!(user.outgoing.as_ref().unwrap().as_str(), "smtp.%EMAILDOMAIN%");
}

#[test]
fn a_row_that_is_no_user_says_why_and_the_others_are_read() {
    let long = "x".repeat(64 * 1024);
    let text = format!(
        "mail,name\n\
         ann@example.com,Ann\n\
         ,nobody\n\
         ../../etc@example.com,a\n\
         a/b@example.com,a\n\
         con@example.com,b\n\
         c@example.com,=cmd|' /C calc'!A0\n\
         d@example.com,{long}\n\
         e@example.com,a,b\n\
         {long}@example.com,f\n\
         g\u{202E}h@example.com,g\n\
         \"h@example.com\",\"two\nlines\"\n\
         zoe@example.com,\u{202E}eoZ\n"
    );
    let rows = read(text.as_bytes());
    let why: Vec<&str> =
        rows.iter().map(|row| row.user.as_ref().err().map_or("", |why| why.as_str())).collect();
    let wanted = [
        "",
        "no address",
        "a dot before the @ needs a character on both sides",
        "cannot stand in a file name",
        "is the name of a device on Windows",
        "is a formula",
        "a field of 65536 bytes",
        "3 fields, and the first line has 2",
        "a field of 65548 bytes",
        "U+202E in the address",
        "name: control character",
        "",
    ];
    assert_eq!(rows.len(), wanted.len());
    for ((why, wanted), row) in why.iter().zip(wanted).zip(&rows) {
        assert!(why.contains(wanted) && why.is_empty() == wanted.is_empty(), "{why}: {wanted}");
        assert!(why.len() < 300, "{} bytes", why.len());
        assert!(row.line > 1);
    }
    assert_eq!(rows.last().unwrap().notes, ["U+202E in the name cannot be seen"]);
}

#[test]
fn a_quotation_mark_that_is_not_closed_ends_the_list_and_not_the_memory() {
    let text = format!("mail,name\nann@example.com,\"Ann\n{}", "x\n".repeat(2 * 1024 * 1024));
    let error = read_with(text.as_bytes(), &[]).unwrap_err().to_string();
    assert!(error.starts_with("users.csv:2: a row of more than 1 MiB"), "{error}");
    let text = format!("{{\"mail\": \"{}", "x".repeat(2 * 1024 * 1024));
    let error = read_with(text.as_bytes(), &[]).unwrap_err().to_string();
    assert!(error.starts_with("users.csv:1: a line of more than 1 MiB"), "{error}");
}

#[test]
fn one_mailbox_in_two_spellings_is_found() {
    let mut seen = SeenUsers::default();
    let all = [
        "ann@example.com",
        "bob@example.com",
        "Ann@Example.com",
        "j\u{F6}rg@example.com",
        "jo\u{308}rg@example.com",
    ];
    for (line, address) in (2..).zip(all) {
        seen.add(&EmailAddress::new(address).unwrap(), line);
    }
    let doubles = seen.doubles();
    assert_eq!(doubles.len(), 2);
    assert_eq!(
        (doubles.first_of(4), doubles.first_of(6), doubles.first_of(3)),
        (Some(2), Some(5), None)
    );
}
