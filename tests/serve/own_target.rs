//! Targets of the user's own, in every spelling that TOML allows.

use crate::support::Run;
use crate::support::host::{Host, provider};

const TEMPLATE: &str = "{{#each incomingServers}}{{hostname}}\n{{/each}}";

/// Manifests that say the same: a file of text for everybody, served at /servers.txt.
const MANIFESTS: [(&str, &str); 4] = [
    (
        "the spelling of the built-in ones",
        r#"title = "Servers"
delivery = "by hand"
[incomingServer]
take = "all"
type.name = { imap = "imap", pop3 = "pop3" }
socketType.name = { SSL = "SSL", STARTTLS = "STARTTLS" }
authentication.name = { password-cleartext = "password" }
[[file]]
template = "servers.hbs"
path = "servers.txt"
format = "text"
scope = "provider"
shows = ["hostname"]
routes = ["/servers.txt"]
"#,
    ),
    (
        "an inline table",
        r#"title = "Servers"
delivery = "by hand"
file = [{ template = "servers.hbs", path = "servers.txt", format = "text", scope = "provider", shows = ["hostname"], routes = ["/servers.txt"] }]
[incomingServer]
take = "all"
type.name = { imap = "imap", pop3 = "pop3" }
socketType.name = { SSL = "SSL", STARTTLS = "STARTTLS" }
authentication.name = { password-cleartext = "password" }
"#,
    ),
    (
        "quoted keys",
        r#"title = "Servers"
delivery = "by hand"
[incomingServer]
take = "all"
type.name = { imap = "imap", pop3 = "pop3" }
socketType.name = { SSL = "SSL", STARTTLS = "STARTTLS" }
authentication.name = { password-cleartext = "password" }
[["file"]]
"template" = "servers.hbs"
"path" = "servers.txt"
"format" = "text"
"scope" = "provider"
"shows" = ["hostname"]
"routes" = ["/servers.txt"]
"#,
    ),
    (
        "a value over several lines, and a comment with the same word",
        r#"title = "Servers"
delivery = "by hand"
# routes are below
[incomingServer]
take = "all"
type.name = { imap = "imap", pop3 = "pop3" }
socketType.name = { SSL = "SSL", STARTTLS = "STARTTLS" }
authentication.name = { password-cleartext = "password" }
[[file]]
  template = "servers.hbs"
  path = 'servers.txt'
  format = "text"
  scope = "provider"
  shows = ["hostname"]
  'routes' = [
    "/servers.txt",
  ]
"#,
    ),
];

#[test]
fn a_target_of_the_users_own_is_served_however_its_manifest_is_spelt() {
    for (spelling, manifest) in MANIFESTS {
        let run = Run::new()
            .write("example.toml", &provider("example.com", &["example.com"]))
            .write("own/servers/target.toml", manifest)
            .write("own/servers/servers.hbs", TEMPLATE);
        let checked = run.args(&["check", "own/servers/target.toml"]);
        assert_eq!(checked.code, Some(0), "{spelling}: {}{}", checked.stdout, checked.stderr);
        let host = Host::start(run, &["--provider", "example.toml", "--templates", "own"]);
        let answer = host.get("example.com", "/servers.txt");
        assert_eq!(answer.status, 200, "{spelling}");
        assert!(answer.text().contains("example.com\n"), "{spelling}: {}", answer.text());
    }
}
