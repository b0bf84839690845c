//! Whatever a balancer sends first: a header or an error, and nothing after the header is read.

use std::io::ErrorKind;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use mailwright::internals::serve::{ProxyHeader, read_proxy_header};

pub fn read(bytes: &[u8]) {
    let mut rest = bytes;
    match header(&mut rest) {
        Ok(found) => {
            let mut alone = &bytes[..bytes.len() - rest.len()];
            assert_eq!(header(&mut alone).expect("the same header"), found);
            assert!(alone.is_empty());
        }
        Err(why) => {
            assert!(
                matches!(why.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof),
                "{why}"
            );
        }
    }
}

fn header(bytes: &mut &[u8]) -> std::io::Result<ProxyHeader> {
    let reading = pin!(read_proxy_header(bytes));
    match reading.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(header) => header,
        Poll::Pending => panic!("all bytes are there"),
    }
}
