//! The JSON API for panels and webmail.

use serde_json::{Value, json};

use crate::support::Run;
use crate::support::host::{Answer, Host, provider};

fn host(args: &[&str]) -> Host {
    let run = Run::new()
        .write("example.toml", &provider("example.com", &["example.com"]))
        .write("users.csv", "address,username\nann@example.com,u1\n");
    Host::start(run, &[&["--provider", "example.toml", "--users", "users.csv"], args].concat())
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).expect("JSON")
}

#[test]
fn the_api_is_off_unless_it_is_asked_for() {
    let host = host(&[]);
    for path in ["/api/v1/settings?email=ann@example.com", "/api/v1/openapi.json"] {
        assert_eq!(host.get("example.com", path).status, 404, "{path}");
    }
}

#[test]
fn settings_of_an_address_have_its_login_name() {
    let host = host(&["--api"]);
    let answer = host.get("example.com", "/api/v1/settings?email=Ann%40Example.com");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let server = |kind: &str, port: u16| {
        json!({
            "type": kind,
            "hostname": format!("{kind}.example.com"),
            "port": port,
            "socketType": "SSL",
            "authentication": ["password-cleartext"],
            "username": "u1",
        })
    };
    assert_eq!(
        json_of(&answer),
        json!({
            "emailAddress": "Ann@example.com",
            "emailProvider": {
                "id": "example.com",
                "displayName": "Mail of example.com",
                "displayShortName": "Mail",
            },
            "incomingServer": [server("imap", 993), server("pop3", 995)],
            "outgoingServer": [server("smtp", 465)],
            "enable": [],
            "documentation": [],
        })
    );
}

#[test]
fn problems_are_json_too() {
    let run = Run::new().write("p/example.toml", &provider("example.com", &["example.com"]));
    let host = Host::start(run, &["--providers", "p", "--api", "--rate-limit", "20"]);
    for (path, status) in [
        ("/api/v1/settings", 400),
        ("/api/v1/settings?email=ann", 400),
        ("/api/v1/settings?email=a%20b@example.com", 400),
        ("/api/v1/settings?email=ann@unknown.example", 404),
        ("/api/v1/nothing", 404),
    ] {
        let answer = host.get("autoconfig.nobody.example", path);
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
        let problem = json_of(&answer);
        assert_eq!(problem["status"], status, "{path}");
        assert!(problem["detail"].as_str().is_some_and(|words| words.len() > 20), "{problem}");
    }
    let many = (0..40).map(|_| host.get("example.com", "/api/v1/nothing"));
    let limited = many.into_iter().find(|answer| answer.status == 429).expect("a limit");
    assert_eq!(limited.header("content-type"), Some("application/problem+json"));
    assert!(limited.header("retry-after").is_some());
}

#[test]
fn a_file_is_checked_as_the_command_checks_it() {
    let host = host(&["--api"]);
    let text = "<clientConfig version=\"1.1\"><emailProvider id=\"example.com\"/></clientConfig>";
    let checked = json_of(&host.post("example.com", "/api/v1/check", text));
    std::fs::write(host.run.path("file"), text).unwrap();
    let said = host.run.args(&["check", "file", "--format", "json"]);
    let mut own: Value = serde_json::from_str(&said.stdout).expect("JSON");
    assert!(!own["findings"].as_array().unwrap().is_empty(), "{own}");
    own["files"] = json!(["file"]);
    assert_eq!(checked, own);
    assert_eq!(host.post("example.com", "/api/v1/check", "nothing").status, 422);
    assert_eq!(host.post("example.com", "/api/v1/check", "x".repeat(65_537)).status, 413);
    let large = host.post("example.com", "/api/v1/check", "x".repeat(65_536));
    assert_eq!(large.status, 422);
}

#[test]
fn a_visitor_at_a_customers_host_gets_nothing_of_another() {
    let run = Run::new()
        .write("p/a.toml", &provider("a.example", &["a.example"]))
        .write("p/b.toml", &provider("b.example", &["b.example"]));
    let host = Host::start(run, &["--providers", "p", "--api"]);
    let path = "/api/v1/settings?email=ann@b.example";
    assert_eq!(host.get("a.example", path).status, 404);
    assert_eq!(host.get("b.example", path).status, 200);
    assert_eq!(host.get("panel.example", path).status, 200);
}

#[test]
fn every_answer_fits_the_schema_of_its_description() {
    let host = host(&["--api"]);
    let document = json_of(&host.get("example.com", "/api/v1/openapi.json"));
    assert_eq!(document["openapi"], "3.1.0");
    let fits = |name: &str, answer: &Answer| {
        let mut schema = document["components"]["schemas"][name].clone();
        assert!(schema.is_object(), "{name}");
        schema["components"] = document["components"].clone();
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let value = json_of(answer);
        let wrong: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    };
    fits("AccountSettings", &host.get("example.com", "/api/v1/settings?email=ann@example.com"));
    fits("ProblemDetails", &host.get("example.com", "/api/v1/settings?email=ann"));
    let text = "<clientConfig version=\"1.1\"><emailProvider id=\"example.com\"/></clientConfig>";
    fits("CheckResult", &host.post("example.com", "/api/v1/check", text));
}
