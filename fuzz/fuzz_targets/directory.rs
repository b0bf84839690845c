//! Answers of an LDAP directory: reading ends with entries or an error, and never hangs.
//!
//! A directory of ours waits for a request, sends the bytes up to the next line of two hyphens, and
//! so on; then it hangs up.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mailwright::internals::net::Net;
use mailwright::internals::users::ldap::{BindMethod, Directory, Url};

struct DirectoryServer {
    _folder: tempfile::TempDir,
    url: Url,
    net: Net,
    says: Arc<Mutex<Vec<u8>>>,
}

thread_local! {
    static SERVER: DirectoryServer = DirectoryServer::start();
}

const BETWEEN: &[u8] = b"\n--\n";

impl DirectoryServer {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ldapi");
        let listener = UnixListener::bind(&path).expect("a socket");
        let says = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&says);
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let says = own.lock().expect("no panic").clone();
                let _ = talk(stream, &says);
            }
        });
        let path = path.display().to_string().replace('/', "%2F");
        let url = Url::parse(&format!("ldapi://{path}/")).expect("a URL");
        let net = Net::new(None, Some(([127, 0, 0, 1], 9).into()), Vec::new()).expect("no socket");
        Self { _folder: folder, url, net, says }
    }
}

fn talk(mut stream: UnixStream, mut says: &[u8]) -> std::io::Result<()> {
    // The reader waits for the rest of an answer instead of asking more.
    stream.set_read_timeout(Some(Duration::from_millis(5)))?;
    loop {
        if stream.read(&mut [0; 4096])? == 0 {
            return Ok(());
        }
        let found = says.windows(BETWEEN.len()).position(|piece| piece == BETWEEN);
        let Some(at) = found else {
            stream.write_all(says)?;
            return stream.shutdown(Shutdown::Both);
        };
        stream.write_all(&says[..at])?;
        says = &says[at + BETWEEN.len()..];
    }
}

pub fn answers(bytes: &[u8]) {
    SERVER.with(|server| {
        *server.says.lock().expect("no panic") = bytes.to_vec();
        let directory = Directory {
            url: &server.url,
            preset: None,
            columns: &[],
            sign_in: BindMethod::Nobody,
            identity: None,
            timeout: Duration::from_millis(200),
        };
        let mut lines = Vec::new();
        match directory.read(&server.net, &mut lines, &|| false) {
            Ok(found) => {
                let written = lines.iter().filter(|byte| **byte == b'\n').count();
                assert_eq!(found.entries, written as u64);
            }
            Err(why) => {
                let why = why.to_string();
                assert!(!why.contains(char::is_control), "{why:?}");
            }
        }
    });
}
