//! What can go wrong in getting a token, each with a provider that does it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mailwright::internals::model::{OAuth2, ServerType, Text};
use mailwright::internals::net::{HostOverride, Net};
use mailwright::internals::verify::StepSequence;
use mailwright::internals::verify::oauth2::{
    self, Attendance, Authority, Flow, OAuth2Client, Tokens,
};

use crate::support::ca::{Ca, HOST};
use crate::support::peer::Peer;
use crate::web::{self, Asked, Reply};

const TOKEN: &str = "eyJ0b2tlbiI6ImFjY2VzcyJ9";
const CODE: &str = r#"{"device_code":"d3v1c3-c0de-of-the-flow","user_code":"ABCD-EFGH",
    "verification_uri":"https://mail.example.test/device","expires_in":600,"interval":0}"#;

fn json(status: u16, body: &str) -> Reply {
    (status, "Content-Type: application/json\r\n".to_owned(), body.to_owned())
}

fn token() -> Reply {
    json(200, &format!(r#"{{"access_token":"{TOKEN}","token_type":"Bearer","expires_in":3600}}"#))
}

struct Provider {
    ca: Ca,
    peer: Peer,
}

impl Provider {
    /// Gives a device code, and answers the token request so.
    fn new(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let ca = Ca::new();
        let peer =
            web::server(Some(ca.good().server()), move |asked| match asked.target.as_str() {
                "/device" => json(200, CODE),
                _ => answer(asked),
            });
        Self { ca, peer }
    }

    fn net(&self) -> Net {
        let fixed =
            HostOverride { host: HOST.to_owned(), port: 443, addresses: vec![self.peer.address] };
        Net::new(Some(&self.ca.file()), None, vec![fixed]).unwrap()
    }

    fn sign_in(&self) -> (StepSequence, Option<Tokens>) {
        self.sign_in_over(&self.net(), Flow::Device, &|_| {})
    }

    fn sign_in_over(
        &self,
        net: &Net,
        flow: Flow,
        tell: &dyn Fn(&str),
    ) -> (StepSequence, Option<Tokens>) {
        let person = Duration::from_secs(10);
        let attendance =
            Attendance { step: Duration::from_secs(10), person, user: "ann@example.test", tell };
        oauth2::sign_in(net, &authority(), &client(), flow, &attendance)
    }

    /// It fails in its last step, with this code.
    #[track_caller]
    fn fails(&self, code: &str) -> StepSequence {
        let (course, tokens) = self.sign_in();
        assert!(tokens.is_none());
        let last = course.steps.last().unwrap();
        assert_eq!(last.code.map(|code| code.name), Some(code), "{course:#?}");
        assert!(!course.works());
        course
    }
}

fn authority() -> Authority {
    let text = |text: &str| Text::new(text).unwrap();
    let at = |path: &str| text(&format!("https://{HOST}/{path}"));
    let scopes = |own: &str| vec![text(own), text("offline_access")];
    let settings = OAuth2 {
        issuer: text(HOST),
        auth_url: at("authorize"),
        token_url: at("token"),
        device_auth_url: Some(at("device")),
        scope: [(ServerType::Pop3, scopes("POP")), (ServerType::Smtp, scopes("SMTP"))].into(),
    };
    Authority::new(&settings, &[ServerType::Pop3, ServerType::Smtp]).unwrap()
}

fn client() -> OAuth2Client {
    OAuth2Client { id: "our-own-client".to_owned(), secret: None }
}

#[test]
fn a_code_that_is_entered_gives_a_token_for_all_protocols_at_once() {
    let asked = AtomicUsize::new(0);
    let provider = Provider::new(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => json(400, r#"{"error":"authorization_pending"}"#),
        _ => token(),
    });
    let told = std::sync::Mutex::new(Vec::new());
    let tell = |text: &str| told.lock().unwrap().push(text.to_owned());
    let (course, tokens) = provider.sign_in_over(&provider.net(), Flow::Device, &tell);
    assert!(course.works(), "{course:#?}");
    assert_eq!(tokens.unwrap().access.expose(), TOKEN);
    let told = told.into_inner().unwrap();
    assert_eq!(
        told,
        ["to sign in, open https://mail.example.test/device and enter the code ABCD-EFGH"]
    );
    let heard = provider.peer.heard();
    let first = heard.iter().find(|line| line.contains("scope=")).unwrap();
    assert_eq!(first, "scope=POP+offline_access+SMTP&client_id=our-own-client");
    let polled = heard.iter().filter(|line| line.contains("device_code=")).count();
    assert_eq!(polled, 2);
}

#[test]
fn each_no_of_the_provider_has_its_own_name() {
    for (error, code) in [
        ("invalid_client", "oauth2-client-refused"),
        ("unauthorized_client", "oauth2-client-refused"),
        ("invalid_scope", "oauth2-scope-refused"),
        ("access_denied", "oauth2-denied"),
        ("authorization_declined", "oauth2-denied"),
        ("expired_token", "oauth2-code-expired"),
        ("invalid_grant", "oauth2-grant-refused"),
        ("server_error", "oauth2-failed"),
    ] {
        let body = format!(r#"{{"error":"{error}","error_description":"why \u001b[31mnot"}}"#);
        let provider = Provider::new(move |_| json(400, &body));
        let course = provider.fails(code);
        let seen = course.steps.last().unwrap().seen.clone().unwrap();
        assert!(seen.contains(error) && seen.contains("not"), "{seen}");
        assert!(!seen.contains('\u{1b}'), "{seen}");
    }
}

#[test]
fn an_answer_without_a_token_is_none() {
    Provider::new(|_| json(200, "{}")).fails("oauth2-failed");
    Provider::new(|_| web::page("text/html", "<h1>Welcome</h1>")).fails("oauth2-failed");
    Provider::new(|_| json(200, r#"{"access_token":"a\r\nQUIT"}"#)).fails("oauth2-failed");
    Provider::new(|_| web::redirect("https://mail.example.test/other")).fails("oauth2-failed");
}

#[test]
fn no_secret_goes_to_a_provider_that_cannot_prove_who_it_is() {
    let provider = Provider::new(|_| token());
    let stranger = Ca::new();
    let fixed =
        HostOverride { host: HOST.to_owned(), port: 443, addresses: vec![provider.peer.address] };
    let net = Net::new(Some(&stranger.file()), None, vec![fixed]).unwrap();
    let (course, tokens) = provider.sign_in_over(&net, Flow::Device, &|_| {});
    assert!(tokens.is_none());
    let code = course.steps.last().unwrap().code.unwrap();
    assert_eq!(code.name, "certificate-unknown-ca", "{course:#?}");
    assert_eq!(provider.peer.heard(), Vec::<String>::new());
}

#[test]
fn a_provider_that_is_not_there_is_named_as_a_mail_server_would_be() {
    let provider = Provider::new(|_| token());
    let fixed = HostOverride {
        host: HOST.to_owned(),
        port: 443,
        addresses: vec!["127.0.0.1:1".parse().unwrap()],
    };
    let net = Net::new(None, None, vec![fixed]).unwrap();
    let (course, _) = provider.sign_in_over(&net, Flow::Device, &|_| {});
    assert_eq!(course.steps.last().unwrap().code.unwrap().name, "connection-refused");
}

#[test]
fn the_steps_of_a_sign_in_hold_no_secret() {
    let echo = |asked: &Asked| {
        json(400, &format!(r#"{{"error":"odd","error_description":"{}"}}"#, asked.body))
    };
    let course = Provider::new(echo).fails("oauth2-failed");
    let all = format!("{course:?}");
    assert!(all.contains("device_code") && all.contains("***"), "{all}");
    assert!(!all.contains("d3v1c3"), "{all}");
}

/// What a browser would do: open the address, be sent to the redirect with this query.
fn come_back(told: &str, query: impl Fn(&str) -> String) {
    let url = told.strip_prefix("to sign in, open ").unwrap();
    let field = |name: &str| {
        let url = url::Url::parse(url).unwrap();
        url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
    };
    assert_eq!(field("code_challenge_method"), "S256");
    assert_eq!(field("login_hint"), "ann@example.test");
    let redirect = url::Url::parse(&field("redirect_uri")).unwrap();
    let target = format!("/?{}", query(&field("state")));
    let address = format!("127.0.0.1:{}", redirect.port().unwrap());
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        for target in ["/favicon.ico", &target] {
            let mut stream = std::net::TcpStream::connect(&address).unwrap();
            let head = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
}

#[test]
fn the_browser_comes_back_with_a_code_and_only_our_own_verifier_opens_it() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let provider = Provider::new(|_| token());
    let challenge = std::sync::Mutex::new(String::new());
    let tell = |told: &str| {
        let url = url::Url::parse(told.strip_prefix("to sign in, open ").unwrap()).unwrap();
        let mut pairs = url.query_pairs();
        *challenge.lock().unwrap() =
            pairs.find(|(key, _)| key == "code_challenge").unwrap().1.into_owned();
        come_back(told, |state| format!("code=c0de-of-the-browser&state={state}"));
    };
    let (course, tokens) = provider.sign_in_over(&provider.net(), Flow::Browser, &tell);
    assert_eq!(tokens.unwrap().access.expose(), TOKEN, "{course:#?}");
    let heard = provider.peer.heard();
    let form = heard.iter().find(|line| line.contains("code_verifier=")).unwrap();
    let field = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(form.as_bytes());
        pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
    };
    assert_eq!(field("code"), "c0de-of-the-browser");
    assert!(field("redirect_uri").starts_with("http://127.0.0.1:"));
    let digest = sha2::Sha256::digest(field("code_verifier"));
    let coded = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest);
    assert_eq!(coded, *challenge.lock().unwrap());
}

#[test]
fn an_answer_to_another_question_and_a_no_are_told_apart() {
    let provider = Provider::new(|_| token());
    for (query, code) in [
        ("code=x&state=somebody-elses", "oauth2-state-wrong"),
        ("error=access_denied&state=", "oauth2-denied"),
    ] {
        let tell = |told: &str| {
            come_back(told, |state| match query.ends_with('=') {
                true => format!("{query}{state}"),
                false => query.to_owned(),
            });
        };
        let (course, tokens) = provider.sign_in_over(&provider.net(), Flow::Browser, &tell);
        assert!(tokens.is_none());
        assert_eq!(course.steps.last().unwrap().code.unwrap().name, code, "{course:#?}");
    }
    assert!(!provider.peer.heard().iter().any(|line| line.contains("code_verifier")));
}

#[test]
fn a_browser_that_never_comes_back_is_waited_for_only_so_long() {
    let provider = Provider::new(|_| token());
    let person = Duration::from_millis(200);
    let attendance =
        Attendance { step: Duration::from_secs(10), person, user: "ann", tell: &|_| {} };
    let (course, tokens) =
        oauth2::sign_in(&provider.net(), &authority(), &client(), Flow::Browser, &attendance);
    assert!(tokens.is_none());
    assert_eq!(course.steps.last().unwrap().code.unwrap().name, "oauth2-not-finished");
}

#[test]
fn what_is_no_http_is_told_as_that() {
    let ca = Ca::new();
    for says in ["hello\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nshort"] {
        let peer = Peer::tls(ca.good().server(), move |conn| {
            while conn.hear().is_some_and(|line| !line.is_empty()) {}
            conn.say(says);
        });
        let fixed =
            HostOverride { host: HOST.to_owned(), port: 443, addresses: vec![peer.address] };
        let net = Net::new(Some(&ca.file()), None, vec![fixed]).unwrap();
        let attendance = Attendance {
            step: Duration::from_secs(10),
            person: Duration::from_secs(1),
            user: "ann",
            tell: &|_| {},
        };
        let (course, _) = oauth2::sign_in(&net, &authority(), &client(), Flow::Device, &attendance);
        assert_eq!(course.steps.last().unwrap().code.unwrap().name, "http-failed", "{course:#?}");
    }
}

#[test]
fn an_old_token_is_renewed_and_the_refresh_token_goes_on() {
    let provider = Provider::new(|_| token());
    let old = Tokens {
        access: mailwright::internals::model::Secret::new("old".to_owned()),
        refresh: Some(mailwright::internals::model::Secret::new("r3fr3sh".to_owned())),
        expires: None,
    };
    let step = Duration::from_secs(10);
    let (course, renewed) = oauth2::refresh(&provider.net(), &authority(), &client(), &old, step);
    let renewed = renewed.unwrap();
    assert!(course.works());
    assert_eq!(renewed.access.expose(), TOKEN);
    assert_eq!(renewed.refresh.unwrap().expose(), "r3fr3sh");
}
