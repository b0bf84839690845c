//! What the administrator of a server relies on: its log and figures, its end, its signature, its proxies.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use crate::support::Run;
use crate::support::host::{Host, autodiscover, provider, read_answer};

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";
const POX: &str = "/autodiscover/autodiscover.xml";

#[test]
fn the_log_names_nobody_and_the_figures_count_everybody() {
    let host = Host::of_example(&["--metrics", "127.0.0.1:0"]);
    host.post("example.com", POX, autodiscover("ann.secret@example.com"));
    host.raw(format!(
        "GET {AUTOCONFIG}?emailaddress=ann.secret@example.com HTTP/1.1\r\nHost: example.com\r\n\
         User-Agent: Mozilla/5.0 Thunderbird/153.7\r\n\r\n"
    ));
    host.get("example.com", "/ann.secret@example.com.mobileconfig");
    let mut stream = TcpStream::connect(host.metrics.unwrap()).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut figures = String::new();
    stream.read_to_string(&mut figures).unwrap();
    for line in [
        "mailwright_http_requests_total{route=\"thunderbird\",client=\"thunderbird\",code=\"2xx\"} 1",
        "mailwright_http_requests_total{route=\"outlook-autodiscover\",client=\"none\",code=\"2xx\"} 1",
        "mailwright_providers 1",
        "le=\"+Inf\"",
    ] {
        assert!(figures.contains(line), "{line}\n{figures}");
    }
    // Not where clients ask.
    assert_eq!(host.get("example.com", "/metrics").status, 404);
    let (code, said, log) = host.end();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(log.lines().count(), 5, "{log}");
    assert!(!log.contains("secret") && !log.contains("127.0.0.1"), "{log}");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["micros"].is_u64() && line["status"].is_u64(), "{line}");
    }
}

#[test]
fn a_request_that_is_on_its_way_when_the_server_ends_is_still_answered() {
    let host = Host::of_example(&[]);
    let mut streams: Vec<_> = (0..8).map(|_| host.connect()).collect();
    // Taken, and nothing asked yet.
    thread::sleep(Duration::from_millis(50));
    host.signal(rustix::process::Signal::TERM);
    thread::sleep(Duration::from_millis(50));
    for stream in &mut streams {
        write!(stream, "GET {AUTOCONFIG} HTTP/1.1\r\nHost: example.com\r\n\r\n").unwrap();
        let answer = read_answer(&mut BufReader::new(stream), false);
        assert_eq!(answer.expect("an answer").status, 200);
    }
}

#[cfg(feature = "sign")]
#[test]
fn profiles_are_signed_where_there_is_a_certificate() {
    let host = Host::that_signs(&[]);
    for path in ["/ann@example.com.mobileconfig", "/mail.mobileconfig"] {
        let signed = host.get("example.com", path);
        assert_eq!(signed.header("content-type"), Some("application/x-apple-aspen-config"));
        // SEQUENCE, and the profile inside.
        assert_eq!(signed.body[0], 0x30, "{path}");
        assert!(String::from_utf8_lossy(&signed.body).contains("com.apple.mail.managed"), "{path}");
    }
}

#[test]
fn a_balancer_that_passes_bytes_on_says_for_whom() {
    let args = ["--trusted-proxy", "127.0.0.1", "--proxy-protocol", "--log-addresses"];
    let host = Host::of_example(&args);
    let mut request = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C".to_vec();
    request.extend([192, 0, 2, 77, 198, 51, 100, 1, 0x30, 0x39, 0, 80]);
    request.extend(format!("GET {AUTOCONFIG} HTTP/1.1\r\nHost: example.com\r\n\r\n").bytes());
    assert_eq!(host.raw(&request).status, 200);
    // Without the header there is no answer, but an orderly end, wherever the request is cut in two.
    let request = format!("GET {AUTOCONFIG} HTTP/1.1\r\nHost: example.com\r\n\r\n");
    for at in [10, 25] {
        let mut stream = host.connect();
        let (first, second) = request.as_bytes().split_at(at);
        stream.write_all(first).unwrap();
        thread::sleep(Duration::from_millis(50));
        stream.write_all(second).expect("no reset");
        stream.shutdown(Shutdown::Write).unwrap();
        let mut nothing = Vec::new();
        stream.read_to_end(&mut nothing).expect("no reset");
        assert_eq!(nothing, b"");
    }
    let (_, _, log) = host.end();
    assert!(log.contains("\"peer\":\"192.0.2.77\""), "{log}");
}

#[test]
fn options_are_variables_too_and_an_unknown_one_is_an_error() {
    let run = Run::new()
        .write("example.toml", &provider("example.com", &["example.com"]))
        .env("MAILWRIGHT_PROVIDER", "example.toml")
        .env("MAILWRIGHT_RATE_LIMIT", "1")
        .env("MAILWRIGHT_NO_ACCESS_LOG", "true")
        // Kubernetes sets this for a Service of our name.
        .env("MAILWRIGHT_SERVICE_PORT_HTTP", "80")
        .env("MAILWRIGHT_PORT_80_TCP", "tcp://10.0.0.1:80");
    let host = Host::start(run, &[]);
    let statuses = [(); 2].map(|()| host.get("example.com", "/mail/config-v1.1.xml").status);
    assert_eq!(statuses, [200, 429]);
    let (_, _, log) = host.end();
    assert_eq!(log, "");
    let run = Run::new().env("MAILWRIGHT_RATELIMIT", "1");
    let result = run.args(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(result.code, Some(2));
    let words = result.stderr;
    assert!(words.contains("did you mean MAILWRIGHT_RATE_LIMIT?"), "{words}");
}

#[test]
fn a_container_can_ask_whether_its_server_is_ready() {
    let host = Host::of_example(&["--metrics", "127.0.0.1:0"]);
    let (metrics, listen) = (host.metrics.unwrap().to_string(), host.addresses[0].to_string());
    let ask = |name: &str, value: &str, args: &[&str]| {
        let run = Run::new().env(name, value);
        let result = run.args(&[&["healthcheck"], args].concat());
        (result.code, result.stderr)
    };
    assert_eq!(ask("MAILWRIGHT_METRICS", &metrics, &[]).0, Some(0));
    assert_eq!(ask("MAILWRIGHT_LISTEN", &listen, &[]).0, Some(0));
    assert_eq!(ask("X", "", &[&listen]).0, Some(0));
    host.end();
    let (code, words) = ask("X", "", &[&listen]);
    assert_eq!(code, Some(1));
    assert!(words.contains(&format!("no answer from {listen}")), "{words}");
}
