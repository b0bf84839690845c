//! A relay between the program and a server, which breaks off or falls silent.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use crate::support::PATIENCE;

/// What happens after so many bytes from the server.
#[derive(Clone, Copy)]
pub enum Then {
    Cut(usize),
    Silence(usize),
}

/// Where it listens, for one connection. Both directions end when the program hangs up.
pub fn relay(to: SocketAddr, then: Then) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(to).unwrap();
        for end in [&client, &server] {
            end.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        let (mut up, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || {
            let _ = std::io::copy(&mut up, &mut to_server);
            let _ = to_server.shutdown(Shutdown::Both);
        });
        pass(server, client, then);
    });
    address
}

fn pass(mut server: TcpStream, mut client: TcpStream, then: Then) {
    let (Then::Cut(limit) | Then::Silence(limit)) = then;
    let mut piece = [0; 4096];
    let mut passed = 0;
    while let Ok(read @ 1..) = server.read(&mut piece) {
        passed += read;
        if passed > limit {
            match then {
                Then::Cut(_) => {
                    let _ = client.shutdown(Shutdown::Both);
                    return;
                }
                // Read on and pass nothing, until the program has enough of it.
                Then::Silence(_) => continue,
            }
        }
        if client.write_all(&piece[..read]).is_err() {
            return;
        }
    }
}
