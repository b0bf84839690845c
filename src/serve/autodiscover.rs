//! Parses Autodiscover requests, and writes the answers that do not come from a template: error
//! documents, the ActiveSync refusal, and the JSON redirect.
//!
//! MS-OXDSCLI (POX), MS-ASCMD section 2.2.1.1 (mobilesync), and the "Autodiscover v2" JSON that
//! Outlook 2019 and Outlook for Android ask for.

use std::fmt::Write as _;

use quick_xml::Reader;
use quick_xml::events::Event;

/// What the body of a POST asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostedRequest {
    /// Settings of a mailbox.
    Settings { address: String },
    /// Settings of ActiveSync.
    MobileSync,
    /// A response schema that this server does not know.
    OtherSchema,
    /// The body is not an Autodiscover request, or it names no address.
    Wrong,
}

pub(super) const AUTODISCOVER_JSON: &str = "/autodiscover/autodiscover.json";
/// Outlook for Android asks with the address in the path.
pub(super) const AUTODISCOVER_JSON_PATH: &str = "/autodiscover/autodiscover.json/v1.0/";
const SETTINGS: [&str; 2] = [
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a",
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006",
];
const MOBILE_SYNC: &str =
    "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006";
/// Nested elements. Real requests have three levels; the limit bounds the work for hostile ones.
const DEEPEST: usize = 16;

/// Parses the body. Namespaces are ignored, since clients write different ones. A document with a
/// DTD is refused, so no entity is ever expanded.
pub fn read(body: &[u8]) -> PostedRequest {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let Ok(text) = std::str::from_utf8(body) else { return PostedRequest::Wrong };
    read_text(text).unwrap_or(PostedRequest::Wrong)
}

fn read_text(text: &str) -> Option<PostedRequest> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = true;
    let (mut depth, mut roots) = (0, 0);
    let mut inside = None;
    let (mut address, mut schema) = (None::<String>, None::<String>);
    let mut value = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if depth == 0 {
                    roots += 1;
                }
                depth += 1;
                if depth > DEEPEST || roots > 1 {
                    return None;
                }
                inside = match start.local_name().as_ref() {
                    "EMailAddress" => Some(true),
                    "AcceptableResponseSchema" => Some(false),
                    _ => None,
                };
                value.clear();
            }
            Event::End(_) => {
                depth -= 1;
                match inside.take() {
                    // Two different addresses: it is not clear which one is meant.
                    Some(true) if address.as_ref().is_some_and(|own| own != value.trim()) => {
                        return None;
                    }
                    Some(true) => address = Some(value.trim().to_owned()),
                    Some(false) => schema = Some(value.trim().to_owned()),
                    None => {}
                }
            }
            Event::Text(part) if inside.is_some() => value.push_str(&part),
            Event::CData(part) if inside.is_some() => value.push_str(&part),
            Event::GeneralRef(name) => {
                let character = match name.resolve_char_ref().ok()? {
                    Some(character) => character,
                    None => match &*name {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "apos" => '\'',
                        // An entity that only a DTD could define.
                        _ => return None,
                    },
                };
                if inside.is_some() {
                    value.push(character);
                }
            }
            Event::DocType(_) => return None,
            Event::Eof => break,
            _ => {}
        }
    }
    if depth != 0 || roots != 1 {
        return None;
    }
    Some(match schema.as_deref() {
        Some(schema) if schema.eq_ignore_ascii_case(MOBILE_SYNC) => PostedRequest::MobileSync,
        Some(schema) if !SETTINGS.iter().any(|known| known.eq_ignore_ascii_case(schema)) => {
            PostedRequest::OtherSchema
        }
        // Some clients send no schema; they expect the usual one.
        _ => match address {
            Some(address) if !address.is_empty() => PostedRequest::Settings { address },
            _ => PostedRequest::Wrong,
        },
    })
}

/// Why a request gets an error document instead of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutodiscoverError {
    /// Error code 600.
    InvalidRequest,
    /// Error code 601.
    SchemaNotSupported,
}

/// The error document. `seconds` is the time of day, `fraction` is in units of 100 ns.
pub fn refusal(refused: AutodiscoverError, seconds: u64, fraction: u32) -> String {
    let (code, message) = match refused {
        AutodiscoverError::InvalidRequest => (600, "Invalid Request"),
        AutodiscoverError::SchemaNotSupported => (601, "Requested schema version not supported"),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\n  \
         <Response>\n    \
         <Error Time=\"{:02}:{:02}:{:02}.{fraction:07}\" Id=\"{}\">\n      \
         <ErrorCode>{code}</ErrorCode>\n      \
         <Message>{message}</Message>\n      \
         <DebugData />\n    \
         </Error>\n  \
         </Response>\n\
         </Autodiscover>\n",
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60,
        fraction ^ 0x2006,
    )
}

/// The ActiveSync document that says "no": status 2, protocol error (MS-ASCMD section 2.2.3.177.1).
pub fn mobile_sync_refusal() -> String {
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
     <Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\n  \
     <Response xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006\">\n    \
     <Culture>en:us</Culture>\n    \
     <Action>\n      \
     <Error>\n        \
     <Status>2</Status>\n        \
     <Message>There is no ActiveSync here; this provider has IMAP, POP3 and SMTP</Message>\n        \
     <DebugData />\n        \
     <ErrorCode>600</ErrorCode>\n      \
     </Error>\n    \
     </Action>\n  \
     </Response>\n\
     </Autodiscover>\n"
        .to_owned()
}

/// The JSON of Autodiscover v2: the URL of the POX service at this address, or an error document for
/// other protocols.
pub fn json(protocol: Option<&str>, address: &str) -> Result<String, String> {
    let error = |code: &str, message: &str| {
        Err(format!("{{\"ErrorCode\":\"{code}\",\"ErrorMessage\":\"{message}\"}}\n"))
    };
    match protocol {
        Some(protocol) if protocol.eq_ignore_ascii_case("AutodiscoverV1") => {
            let mut answer = String::with_capacity(160);
            let _ = writeln!(
                answer,
                "{{\"Protocol\":\"AutodiscoverV1\",\"Url\":\"{address}/autodiscover/autodiscover.xml\"}}"
            );
            Ok(answer)
        }
        Some(_) => error(
            "InvalidProtocol",
            "This host knows the protocol AutodiscoverV1 only; there is no Exchange behind it",
        ),
        None => error("MandatoryParameterMissing", "The parameter Protocol is missing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(inside: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/\
             autodiscover/outlook/requestschema/2006\"><Request>{inside}</Request></Autodiscover>"
        )
    }

    #[test]
    fn an_address_is_read_with_and_without_prefixes() {
        let ann = PostedRequest::Settings { address: "ann@a.example".to_owned() };
        let schema =
            format!("<AcceptableResponseSchema>{}</AcceptableResponseSchema>", SETTINGS[0]);
        for body in [
            request("<EMailAddress>ann@a.example</EMailAddress>"),
            request(&format!("{schema}<EMailAddress> ann@a.example\n</EMailAddress>")),
            request("<EMailAddress><![CDATA[ann@a.example]]></EMailAddress>"),
            request("<EMailAddress>ann&#64;a.example</EMailAddress>"),
            "<a:Autodiscover xmlns:a=\"x\"><a:Request><a:EMailAddress>ann@a.example</a:EMailAddress></a:Request></a:Autodiscover>".to_owned(),
            format!("\u{FEFF}{}", request("<EMailAddress>ann@a.example</EMailAddress>")),
        ] {
            assert_eq!(read(body.as_bytes()), ann, "{body}");
        }
    }

    #[test]
    fn what_is_no_request_is_wrong() {
        for body in [
            String::new(),
            "x".to_owned(),
            request(""),
            request("<EMailAddress/>"),
            request("<EMailAddress>a@b.c</EMailAddress><EMailAddress>d@b.c</EMailAddress>"),
            request("<EMailAddress>a@b.c</Wrong>"),
            request("<EMailAddress>&xxe;</EMailAddress>"),
            "<!DOCTYPE a [<!ENTITY x \"y\">]><Autodiscover/>".to_owned(),
            "<Autodiscover>".to_owned(),
            "<a/><a/>".to_owned(),
            "<a>".repeat(50),
        ] {
            assert_eq!(read(body.as_bytes()), PostedRequest::Wrong, "{body}");
        }
        assert_eq!(read(b"\xFF\xFE<\0a\0"), PostedRequest::Wrong);
    }

    #[test]
    fn another_schema_is_told_apart() {
        let of = |schema: &str| {
            request(&format!(
                "<EMailAddress>a@b.c</EMailAddress>\
                 <AcceptableResponseSchema>{schema}</AcceptableResponseSchema>"
            ))
        };
        assert_eq!(read(of(MOBILE_SYNC).as_bytes()), PostedRequest::MobileSync);
        assert_eq!(read(of("http://x.example").as_bytes()), PostedRequest::OtherSchema);
    }
}
