//! Does our reader make of a run control file what fetchmail makes of it?
//!
//! fetchmail is asked for its settings with `--configdump` and is let near no server.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use mailwright::internals::import::{ReadServer, Reader};
use mailwright::internals::model::{ServerType, SocketType};

use crate::support;

/// Files that fetchmail takes; all mailboxes of one are of one user and one family of hosts.
const TAKEN: [&str; 24] = [
    "poll pop.example.com proto pop3 user ann ssl\n",
    "poll pop.example.com\n protocol POP3 service 110\n username \"ann\", password 's\\x22c',\n keep\n",
    "poll work via mail.example.com with proto IMAP and options user 'ann' there has password x,\n\
     is bob here; wants ssl keep\n",
    "server imap.example.com proto imap port 0993 user ann ssl no keep\n",
    "skip imap.example.com proto imap service imaps user ann ssl sslproto 'TLS1.2+'\n",
    "set daemon 300\nset syslog\nset no bouncemail\nset postmaster = root\n\
     poll imap.example.com proto imap user ann nokeep fetchall # all\n # of them\nssl\n",
    "defaults proto pop3 user ann ssl keep\npoll pop.example.com\npoll pop2.example.com nokeep\n",
    "defaults proto imap timeout 60\n user ann ssl\npoll imap.example.com user ann no ssl sslproto ''\n",
    "poll imap.example.com proto imap user bob here is ann there ssl\n",
    "poll imap.example.com proto imap user 123 pass 456 ssl\n",
    "poll imap.example.com proto imap user user pass keep is ssl here keep\n",
    "poll imap.example.com proto imap user 'a\\x41\\065\\65z\\q' ssl\n",
    "poll imap.example.com proto imap user ann no sslcertck sslproto TLS1 ssl\n",
    "poll imap.example.com proto imap user ann folder INBOX Lists/Rust mda \"/bin/x -d %T\" ssl\n",
    "poll pop.example.com timeout 60 interval 3 uidl dns envelope 2 \"X-To\" proto pop3\n\
     user ann limit 1000 fetchlimit 3 warnings 5 expunge 2 batchlimit 3 fastuidl 4 idle nodropstatus\n",
    "poll pop.example.com local example.com example.net aka b.example.com bad-header accept\n\
     tracepolls proto pop3 user ann is ann here smtphost localhost/25 antispam 571 550 mimedec ssl\n",
    "poll pop.example.com auth password proto pop3 user ann password x#y ssl\r\nkeep\r\n",
    "poll pop.example.com proto pop3 user ann \\\n ssl\n",
    "poll 'pop.example.com' proto pop3 service 'pop3s' user ann ssl\n",
    "poll pop.example.com proto pop3 user root poll imap.example.com proto imap user root\n",
    "poll pop.example.com proto sdps user ann\n",
    "poll pop.example.com proto kpop user ann\n",
    "poll pop.example.com proto apop user ann keep pass x is y z here\n",
    "poll pop.example.com proto pop3 no keep no ssl\n",
];

/// Files that it refuses.
const REFUSED: [&str; 30] = [
    "poll pop.example.com proto Pop3 user ann\n",
    "poll pop.example.com proto pop3 user ann nosslcertck\n",
    "poll pop.example.com proto pop3 user ann sslproto auto\n",
    "poll pop.example.com user ann proto pop3\n",
    "poll pop.example.com user ann ssl port 995\n",
    "poll pop.example.com proto pop3 keep user ann\n",
    "poll pop.example.com proto pop3 folder INBOX user ann\n",
    "poll pop.example.com proto pop3 port 99999 user ann\n",
    "poll pop.example.com proto pop3 port 0 user ann\n",
    "poll pop.example.com proto pop3 port pop3s user ann\n",
    "poll pop.example.com proto pop3 service nosuch user ann\n",
    "poll pop.example.com proto pop3 flurb\n",
    "poll pop.example.com proto pop3 user ann usr bob\n",
    "poll proto pop3 user ann\n",
    "poll imap proto imap user ann\n",
    "poll 123 proto imap user ann\n",
    "poll pop.example.com:995 proto pop3 user ann\n",
    "user ann\n",
    "POLL pop.example.com proto pop3 user ann\n",
    "poll pop.example.com proto pop3 user=ann\n",
    "poll pop.example.com port=995 proto pop3 user ann\n",
    "set daemon = 300\npoll pop.example.com proto pop3 user ann\n",
    "set deamon 300\npoll pop.example.com proto pop3 user ann\n",
    "poll pop.example.com proto pop3 user ann\ndefaults ssl\n",
    "poll pop.example.com proto pop3 user ann ssl\n# the end",
    "poll pop.example.com proto pop3 auth oauthbearer user ann\n",
    "poll pop.example.com proto pop3 auth kerberos_v4 user ann\n",
    "poll pop.example.com proto pop3 user ann password a:b\n",
    "poll pop.example.com proto 'pop3' user ann\n",
    "poll pop.example.com no proto\n",
];

#[test]
fn a_run_control_file_is_read_as_fetchmail_reads_it() {
    needs!("fetchmail");
    for text in TAKEN {
        let shown = dumped(text).unwrap_or_else(|said| panic!("{text}: {said}"));
        let read = Reader::Fetchmail.examine(text).config;
        let read: Vec<String> = read.servers.iter().map(line).collect();
        assert_eq!(read, shown, "{text}");
    }
}

#[test]
fn what_fetchmail_refuses_has_a_defect() {
    needs!("fetchmail");
    for text in REFUSED {
        assert!(dumped(text).is_err(), "fetchmail takes {text}");
        let defects = Reader::Fetchmail.examine(text).defects;
        let errors = defects.iter().filter(|defect| {
            defect.code.severity == mailwright::internals::finding::Severity::Error
        });
        assert!(errors.count() > 0, "{text}: {defects:?}");
    }
}

/// What fetchmail shows of each mailbox, in the form of [`line`].
fn dumped(text: &str) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("fetchmailrc");
    fs::write(&file, text).expect("our own file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("our own file");
    let mut fetchmail = support::command("fetchmail");
    fetchmail.arg("--configdump").arg("-f").arg(&file).env("HOME", folder.path());
    let said = support::run(&mut fetchmail);
    if said.code != Some(0) {
        return Err(said.stderr);
    }
    let (mut poll, mut via, mut protocol, mut service) = Default::default();
    let (mut user, mut keep) = <(String, bool)>::default();
    let mut all = Vec::new();
    for shown in said.stdout.lines() {
        let Some((name, value)) = shown.trim().trim_end_matches(',').split_once(':') else {
            continue;
        };
        let plain = || value.trim_matches('"').to_owned();
        match name.trim_matches(['"', '\'']) {
            "pollname" => (poll, via, service) = (plain(), String::new(), String::new()),
            "via" if value != "None" => via = plain(),
            "protocol" => protocol = plain(),
            "service" if value != "None" => service = plain(),
            "remote" => user = plain(),
            "keep" => keep = value == "TRUE",
            // The last of what is looked at here.
            "ssl" => {
                let host = if via.is_empty() { &poll } else { &via };
                let imap = protocol == "IMAP";
                let ssl = value == "TRUE";
                let port = match (&*service, imap, ssl) {
                    ("", true, true) | ("imaps", ..) => "993",
                    ("", true, false) => "143",
                    ("", false, true) | ("pop3s", ..) => "995",
                    ("", false, false) => "110",
                    ("kpop", ..) => "1109",
                    (digits, ..) => digits,
                };
                let kind = if imap { "imap" } else { "pop3" };
                all.push(format!("{kind} {host}:{port} {user:?} keep {keep} ssl {ssl}"));
            }
            _ => {}
        }
    }
    Ok(all)
}

fn line(read: &ReadServer) -> String {
    let kind = if read.server_type == ServerType::Imap { "imap" } else { "pop3" };
    // Without a name it takes that of whoever runs it: here the one who runs the tests.
    let own = std::env::var("LOGNAME").or_else(|_| std::env::var("USER"));
    let user = read.username.clone().unwrap_or_else(|| own.unwrap_or_else(|_| "root".to_owned()));
    format!(
        "{kind} {}:{} {user:?} keep {} ssl {}",
        read.hostname,
        read.port,
        read.leave_messages_on_server == Some(true),
        read.socket_type == [SocketType::Ssl]
    )
}
