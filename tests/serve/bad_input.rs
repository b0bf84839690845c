//! What no client should send, and somebody does: the right answer, and no word at error level.

use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::host::{Host, autodiscover, read_answer};
use crate::support::until;

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";
const POX: &str = "/autodiscover/autodiscover.xml";

/// The server is as well as before, and has nothing to complain about.
fn is_well(mut host: Host) {
    assert_eq!(host.get("example.com", AUTOCONFIG).status, 200);
    let said = host.said();
    assert!(
        !said.contains("error") && !said.contains("panic") && !said.contains("cannot"),
        "{said}"
    );
    let (code, said, _) = host.end();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn bodies_that_are_no_request_get_the_error_document() {
    let host = Host::of_example(&[]);
    let bomb = format!(
        "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\">{}]><Autodiscover><Request><EMailAddress>&z;</EMailAddress></Request></Autodiscover>",
        ('b'..='z')
            .map(|c| format!(
                "<!ENTITY {c} \"{}\">",
                format!("&{};", char::from(c as u8 - 1)).repeat(10)
            ))
            .collect::<String>()
    );
    let wrong: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"<".to_vec(),
        b"<Autodiscover><Request><EMailAddress>ann@example.com".to_vec(),
        b"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><Autodiscover><Request><EMailAddress>&x;@example.com</EMailAddress></Request></Autodiscover>".to_vec(),
        bomb.into_bytes(),
        b"<a>".repeat(5_000),
        vec![0xFF; 4096],
        vec![0; 4096],
        b"\xFF\xFE<\0a\0/\0>\0".to_vec(),
        autodiscover("").into_bytes(),
        autodiscover("ann").into_bytes(),
        autodiscover("ann@example.com</EMailAddress><EMailAddress>bob@example.com").into_bytes(),
        autodiscover("&quot;ann&quot;@example.com").into_bytes(),
        autodiscover("ann\n@example.com").into_bytes(),
        autodiscover("&lt;script&gt;@example.com").into_bytes(),
        autodiscover("ann&#0;@example.com").into_bytes(),
        autodiscover("ann@example.com&lt;/LoginName&gt;").into_bytes(),
        autodiscover(&format!("{}@example.com", "a".repeat(10_240))).into_bytes(),
        autodiscover("con@example.com").into_bytes(),
    ];
    for body in wrong {
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        let answer = host.post("example.com", POX, &body);
        assert_eq!(answer.status, 200, "{shown}");
        assert!(answer.text().contains("<ErrorCode>600</ErrorCode>"), "{shown}: {}", answer.text());
        assert!(!answer.text().contains("script"), "{shown}");
    }
    is_well(host);
}

#[test]
fn addresses_that_are_none_never_reach_a_file() {
    let host = Host::of_example(&[]);
    let long = "a".repeat(10_240);
    for address in [
        "ann",
        "@",
        "@example.com",
        "ann@",
        "a%40b%40example.com",
        "%22ann%22%40example.com",
        "ann%0A%40example.com",
        "ann%0D%0AX-Evil%3A1%40example.com",
        "%3Cscript%3E%40example.com",
        "ann%00%40example.com",
        "%FF%40example.com",
        "%zz%40example.com",
        &format!("{long}%40example.com"),
        "ann@example.com%2F..%2Fx",
        "..%2F..%2Fetc%2Fpasswd",
    ] {
        // Settings for everybody are no less right for a strange question.
        let answer =
            host.get("autoconfig.example.com", &format!("{AUTOCONFIG}?emailaddress={address}"));
        assert_eq!(answer.status, 200, "{address}");
        assert!(answer.text().contains("emailProvider id=\"example.com\""), "{address}");
        let answer = host.get("example.com", &format!("/mail.mobileconfig?email={address}"));
        assert!(matches!(answer.status, 400 | 404), "{address}: {}", answer.status);
        let answer = host.get("example.com", &format!("/{address}.mobileconfig"));
        assert!(matches!(answer.status, 400 | 404), "{address}: {}", answer.status);
        assert!(!String::from_utf8_lossy(&answer.body).contains("script"), "{address}");
    }
    // Two of them: for whom?
    let answer = host
        .get("example.com", "/mail.mobileconfig?email=a@example.com&emailaddress=b@example.com");
    assert_eq!(answer.status, 400);
    is_well(host);
}

#[test]
fn requests_of_every_form_of_http_are_answered() {
    let host = Host::of_example(&[]);
    let status = |request: &str| host.raw(request).status;
    assert_eq!(status(&format!("GET {AUTOCONFIG} HTTP/1.0\r\n\r\n")), 200);
    assert_eq!(
        status(&format!("GET {AUTOCONFIG} HTTP/1.0\r\nHost: autoconfig.example.com\r\n\r\n")),
        200
    );
    assert_eq!(status(&format!("GET {AUTOCONFIG} HTTP/1.1\r\n\r\n")), 400);
    assert_eq!(status(&format!("GET {AUTOCONFIG} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")), 400);
    assert_eq!(status(&format!("GET {AUTOCONFIG} HTTP/1.1\r\nHost: example.com:80\r\n\r\n")), 200);
    assert_eq!(status(&format!("GET {AUTOCONFIG} HTTP/1.1\r\nHost: [::1]:80\r\n\r\n")), 200);
    assert_eq!(status(&format!("GET {AUTOCONFIG} HTTP/1.1\r\nHost: \r\n\r\n")), 200);
    assert_eq!(status(&format!("GET {AUTOCONFIG} HTTP/1.1\r\nHost: a b\u{7f}%00\r\n\r\n")), 400);
    assert_eq!(
        status(
            "GET http://autoconfig.example.org/mail/config-v1.1.xml HTTP/1.1\r\nHost: x\r\n\r\n"
        ),
        200
    );
    assert_eq!(status("GET /nothing/here HTTP/1.1\r\nHost: example.com\r\n\r\n"), 404);
    assert_eq!(status("GET /../../etc/passwd HTTP/1.1\r\nHost: example.com\r\n\r\n"), 404);
    assert_eq!(status("nonsense\r\n\r\n"), 400);
    assert_eq!(
        status(&format!(
            "GET {AUTOCONFIG}?{} HTTP/1.1\r\nHost: a.example\r\n\r\n",
            "x=y&".repeat(2000)
        )),
        200
    );
    let evil =
        host.get("attacker.invalid", "/autodiscover/autodiscover.json?Protocol=AutodiscoverV1");
    assert!(evil.status == 200, "the default provider's customer may have any domain");
    is_well(host);
}

#[test]
fn a_request_that_is_too_large_is_told_so() {
    let host = Host::of_example(&[]);
    // 10 MB, announced: the answer is there before they are all sent, and is seen.
    let body = vec![b'a'; 10 << 20];
    assert_eq!(host.post("example.com", POX, &body).status, 413);
    // Not announced.
    let mut stream = host.connect();
    write!(
        stream,
        "POST {POX} HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    .unwrap();
    for _ in 0..100 {
        if stream
            .write_all(b"1000\r\n")
            .and_then(|()| stream.write_all(&[b'a'; 0x1000]))
            .and_then(|()| stream.write_all(b"\r\n"))
            .is_err()
        {
            break;
        }
    }
    let answer = read_answer(&mut BufReader::new(stream), false).expect("an answer");
    assert_eq!(answer.status, 413);
    assert_eq!(answer.header("connection"), Some("close"));
    // A head that is too large.
    let head = format!(
        "GET {AUTOCONFIG} HTTP/1.1\r\nHost: example.com\r\nX: {}\r\n\r\n",
        "a".repeat(300_000)
    );
    assert_eq!(host.raw(head).status, 431);
    let head = format!(
        "GET {AUTOCONFIG} HTTP/1.1\r\nHost: example.com\r\n{}\r\n",
        "X: y\r\n".repeat(1000)
    );
    assert_eq!(host.raw(head).status, 431);
    // Exactly as much as there may be.
    let body = format!("{}{}", autodiscover("ann@example.com"), " ".repeat(16 * 1024));
    assert_eq!(host.post("example.com", POX, &body[..16 * 1024]).status, 200);
    is_well(host);
}

/// A client that still sends when the answer is there sees no reset, and reads the answer when it is done:
/// a reset would throw the answer away on systems other than Linux.
#[test]
fn a_client_that_sends_on_after_its_413_or_431_is_not_reset() {
    let host = Host::of_example(&[]);
    let too_long_head = format!("GET {AUTOCONFIG} HTTP/1.1\r\nX: {}", "a".repeat(17 * 1024));
    let too_long_body =
        format!("POST {POX} HTTP/1.1\r\nHost: example.com\r\nContent-Length: 10485760\r\n\r\n");
    for (request, status) in [(too_long_body, 413), (too_long_head, 431)] {
        let mut stream = host.connect();
        stream.write_all(request.as_bytes()).unwrap();
        // The answer is there, and nothing more of the request.
        stream.peek(&mut [0]).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        for _ in 0..1024 {
            stream.write_all(&[b'a'; 1024]).unwrap_or_else(|why| panic!("{status}: {why}"));
        }
        let mut reader = BufReader::new(stream);
        assert_eq!(read_answer(&mut reader, false).expect("an answer").status, status);
        assert_eq!(reader.read(&mut [0]).expect("an end and no reset"), 0);
    }
    is_well(host);
}

#[test]
fn requests_in_a_row_are_answered_in_their_order() {
    let host = Host::of_example(&[]);
    let mut stream = host.connect();
    let mut all = String::new();
    for number in 0..50 {
        all += &format!(
            "GET /{number}@example.com.mobileconfig HTTP/1.1\r\nHost: example.com\r\n\r\n"
        );
        all += &format!(
            "POST {POX} HTTP/1.1\r\nHost: example.com\r\nContent-Length: {}\r\n\r\n{}",
            autodiscover("a@example.com").len(),
            autodiscover("a@example.com")
        );
    }
    stream.write_all(all.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    for number in 0..50 {
        let answer = read_answer(&mut reader, false).expect("an answer");
        assert!(
            answer.text().contains(&format!("<string>{number}@example.com</string>")),
            "{number}"
        );
        let answer = read_answer(&mut reader, false).expect("an answer");
        assert!(answer.text().contains("<LoginName>a@example.com</LoginName>"), "{number}");
    }
    is_well(host);
}

#[test]
fn the_oldest_idle_connections_make_room_for_new_ones() {
    // Each thread closes its own oldest ones.
    let args = ["--max-connections-per-client", "20", "--metrics", "127.0.0.1:0", "--threads", "1"];
    let host = Host::of_example(&args);
    let mut idle: Vec<_> = (0..20).map(|_| host.connect()).collect();
    // The server looks at its clock four times a second.
    std::thread::sleep(Duration::from_millis(600));
    for _ in 0..50 {
        assert_eq!(host.get("example.com", AUTOCONFIG).status, 200);
    }
    for stream in &mut idle[..8] {
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the oldest ones are closed");
    }
    idle[19].set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    assert!(idle[19].read(&mut [0]).is_err(), "the newest one is open");
    assert_eq!(host.get_at(host.metrics.unwrap(), "/readyz").status, 200);
    is_well(host);
}

#[test]
fn connections_that_only_wait_for_their_clients_make_room_for_others() {
    let begun = "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: example.com\r\n\
                 Content-Length: 6000\r\n\r\n<";
    for limit in [["--max-connections", "20"], ["--max-connections-per-client", "20"]] {
        let host = Host::of_example(&limit);
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                let mut stream = host.connect();
                stream.write_all(begun.as_bytes()).unwrap();
                stream
            })
            .collect();
        std::thread::sleep(Duration::from_millis(600));
        for _ in 0..5 {
            assert_eq!(host.get("example.com", AUTOCONFIG).status, 200, "{limit:?}");
        }
        drop(waiting);
    }
}

#[test]
fn an_idle_connection_makes_room_whichever_thread_has_it() {
    let host = Host::of_example(&["--max-connections-per-client", "1", "--threads", "8"]);
    for _ in 0..6 {
        let _idle = host.connect();
        // The server looks at its clock four times a second.
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(host.get("example.com", AUTOCONFIG).status, 200);
    }
}

#[test]
fn two_thousand_connections_that_never_finish_hold_nobody_up() {
    let host = Host::of_example(&["--max-connections-per-client", "5000"]);
    let mut slow = Vec::new();
    for _ in 0..2000 {
        let mut stream = host.connect();
        stream.write_all(b"GET /mail/config").unwrap();
        slow.push(stream);
    }
    for _ in 0..20 {
        assert_eq!(host.get("example.com", AUTOCONFIG).status, 200);
    }
    // Whether the server has ended a connection, as seen within a second.
    let is_over = |stream: &mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let read = stream.read(&mut [0; 64]);
        !matches!(read, Err(e) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&e.kind()))
    };
    assert!(!is_over(&mut slow[1999]), "the others are answered while these are still open");
    for stream in &mut slow {
        until("a connection that makes no progress is ended", || {
            // One letter a second is none.
            let _ = stream.write_all(b"x");
            is_over(stream).then_some(())
        });
    }
    is_well(host);
}

#[test]
fn a_network_that_is_exempt_may_ask_as_often_as_it_likes() {
    let host =
        Host::of_example(&["--rate-limit", "1", "--rate-limit-exempt", "192.0.2.0/24,127.0.0.0/8"]);
    let statuses: Vec<u16> = (0..8).map(|_| host.get("example.com", AUTOCONFIG).status).collect();
    assert_eq!(statuses, [200; 8]);
}

#[test]
fn a_client_that_asks_too_often_is_told_to_wait() {
    let host = Host::of_example(&["--rate-limit", "6"]);
    let statuses: Vec<u16> = (0..8).map(|_| host.get("example.com", AUTOCONFIG).status).collect();
    assert_eq!(statuses[..6], [200; 6]);
    assert_eq!(statuses[6..], [429; 2]);
    let answer = host.get("example.com", AUTOCONFIG);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    assert_eq!(host.get("example.com", "/healthz").status, 200);
}

/// A frame of HTTP/2. RFC 9113 section 4.1
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

#[test]
fn http_2_is_spoken_with_those_who_begin_with_it() {
    let host = Host::of_example(&[]);
    let mut stream = host.connect();
    // RFC 7541: GET, http, :path and :authority as literals.
    let literal = |index: u8, text: &str| {
        [&[index, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
    };
    let head =
        [vec![0x82, 0x86], literal(0x04, AUTOCONFIG), literal(0x01, "autoconfig.example.com")]
            .concat();
    let request = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(4, 0, 0, &[]),
        frame(1, 0x5, 1, &head),
    ]
    .concat();
    stream.write_all(&request).unwrap();
    let (mut status, mut body) = (None, Vec::new());
    loop {
        let mut header = [0; 9];
        stream.read_exact(&mut header).expect("a frame");
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut payload).expect("a payload");
        match header[3] {
            0 => body.extend(payload),
            1 => status = payload.first().copied(),
            _ => continue,
        }
        if header[3] == 0 && header[4] & 1 != 0 {
            break;
        }
    }
    // The index of ":status 200".
    assert_eq!(status, Some(0x88));
    assert_eq!(body, host.get("autoconfig.example.com", AUTOCONFIG).body);
    drop(stream);
    // Nonsense behind the preface ends that connection and nothing else.
    let mut stream = host.connect();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    stream.write_all(&[0xFF; 4096]).unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    drop(stream);
    is_well(host);
}
