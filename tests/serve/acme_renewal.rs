//! When certificates are renewed because the authority says so, and accounts that it knows already.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConnection, StreamOwned};

use crate::acme::{got, start, two_providers, well};
use crate::pebble::Place;
use crate::support::host::Host;
use crate::support::until;
use crate::trust::Trust;

const KEY: &str = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

/// Pebble's directory with renewal information, which Debian's Pebble has none of: the first
/// certificate is to be renewed at once, every other one in the year 2100.
struct RenewalDirectory {
    address: SocketAddr,
    /// The identifiers that were asked about, each once.
    asked: Arc<Mutex<Vec<String>>>,
}

impl RenewalDirectory {
    fn start(place: &Place) -> Self {
        let (acme, ca) = place.acme();
        let listener = TcpListener::bind((acme.ip(), 0)).expect("an address");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let config = ca.naming(&[&acme.ip().to_string()]).server();
        let trust = Trust::of([ca.root()]);
        let own = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let talk = ServerConnection::new(Arc::clone(&config)).expect("a server");
                let mut stream = BufReader::new(StreamOwned::new(talk, stream));
                let mut line = String::new();
                if stream.read_line(&mut line).is_err() {
                    continue;
                }
                let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                while line.trim() != "" {
                    line.clear();
                    if stream.read_line(&mut line).is_err() {
                        break;
                    }
                }
                let body = match path.strip_prefix("/renewal/") {
                    Some(id) => {
                        let mut asked = own.lock().unwrap();
                        if !asked.iter().any(|known| known == id) {
                            asked.push(id.to_owned());
                        }
                        let is_first = asked[0] == id;
                        let year = if is_first { "2020" } else { "2100" };
                        serde_json::json!({ "suggestedWindow": {
                            "start": format!("{year}-01-01T00:00:00Z"),
                            "end": format!("{year}-01-02T00:00:00Z"),
                        } })
                    }
                    None => {
                        let host = acme.ip().to_string();
                        let (answer, _) = trust.get(acme, &host, "/dir").unwrap();
                        // It takes its own address from Host, which has no port here.
                        let text =
                            answer.text().replace(&format!("//{host}/"), &format!("//{acme}/"));
                        let mut directory: serde_json::Value = serde_json::from_str(&text).unwrap();
                        directory["renewalInfo"] = format!("https://{address}/renewal").into();
                        directory
                    }
                };
                let body = body.to_string();
                let _ = write!(
                    stream.get_mut(),
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nRetry-After: 3600\r\n\
                     Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.get_mut().flush();
            }
        });
        Self { address, asked }
    }
}

#[test]
fn a_certificate_is_renewed_when_the_authority_says_so() {
    needs_pebble!();
    let place = Place::new();
    let pebble = place.start();
    let directory = RenewalDirectory::start(&place);
    let trust = pebble.trust();
    let url = format!("https://{}/dir", directory.address);
    let (ca, listen, names) = (place.ca(), place.tls.to_string(), place.names.to_string());
    let own = ["--providers", "p", "--listen", &listen, "--acme", &url, "--acme-ca", &ca];
    let more = ["--acme-agree-tos", "--acme-cache", "kept", "--acme-dns", &names];
    let mut host = Host::start(two_providers(), &[&own[..], &more].concat());
    let first = well(&trust, &mut host, &pebble, "autoconfig.a.example");
    until("the second certificate, of ninety days as the first", || {
        (got(&trust, &host, "autoconfig.a.example").ok()? != first).then_some(())
    });
    until("the question about the second one", || {
        (directory.asked.lock().unwrap().len() == 2).then_some(())
    });
    // Debian's Pebble does not know what replacing is, so the second one takes two orders.
    assert_eq!(pebble.orders(), 3, "the second one is not renewed: {}", host.said());
}

#[test]
fn an_authority_that_wants_an_account_of_its_own_gets_the_key_of_it() {
    needs_pebble!();
    let mut place = Place::new();
    place.external_accounts = vec![("kid-1", KEY)];
    let pebble = place.start();
    let mut without = start(two_providers(), &place, place.tls, &["--providers", "p"]);
    assert!(got(&pebble.trust(), &without, "autoconfig.a.example").is_err());
    without.hear_of("name them with --acme-eab-kid and --acme-eab-hmac-key-from");
    drop(without);
    let eab = ["--acme-eab-kid", "kid-1", "--acme-eab-hmac-key-from", "env:EAB_KEY"];
    let run = two_providers().env("EAB_KEY", KEY);
    let mut host = start(run, &place, place.tls, &[&["--providers", "p"], &eab[..]].concat());
    well(&pebble.trust(), &mut host, &pebble, "autoconfig.a.example");
    let broken = two_providers().env("EAB_KEY", "not base64url");
    let args = ["serve", "--acme", "letsencrypt", "--acme-agree-tos"];
    let said = broken.args(&[&args[..], &eab].concat());
    assert!(said.stderr.contains("--acme-eab-hmac-key-from: that is no base64url"), "{said:?}");
}
