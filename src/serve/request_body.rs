//! Reads the body of a request.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::{Body as _, Incoming};

use super::connection::{IncomingBytes, RequestInFlight};
use super::reply::HttpReply;

/// Reads the whole body of a request, of at most `most` bytes.
///
/// # Errors
///
/// The reply is 413 if it is too large, 408 if it takes too long, 429 if the connection has too many
/// bodies that are not complete, and 400 if the client breaks off or its chunks are invalid.
pub async fn read_body(
    body: Incoming,
    request: &RequestInFlight,
    most: usize,
    timeout: Duration,
) -> Result<Bytes, HttpReply> {
    let last = |reply: HttpReply| HttpReply { last: true, ..reply };
    if body.size_hint().lower() > most as u64 {
        return Err(last(too_large()));
    }
    let Some(incoming) = request.body() else {
        let words = "This connection has too many requests that are not complete\n";
        return Err(HttpReply::words(StatusCode::TOO_MANY_REQUESTS, words));
    };
    match tokio::time::timeout(timeout, read_all(body, incoming, most)).await {
        Ok(read) => read.map_err(last),
        Err(_) => {
            let words = "The request did not arrive in time\n";
            Err(last(HttpReply::words(StatusCode::REQUEST_TIMEOUT, words)))
        }
    }
}

async fn read_all(
    mut body: Incoming,
    mut incoming: IncomingBytes,
    most: usize,
) -> Result<Bytes, HttpReply> {
    let mut first = Bytes::new();
    let mut all: Vec<u8> = Vec::new();
    loop {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        let data = match frame {
            None => break,
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => data,
                Err(_trailers) => continue,
            },
            // The client went away, or its chunks are invalid.
            Some(Err(_)) => return Err(HttpReply::empty(StatusCode::BAD_REQUEST)),
        };
        if first.len() + all.len() + data.len() > most {
            return Err(too_large());
        }
        incoming.add(data.len());
        // Most bodies arrive in one piece. Of several, none is kept: a piece of one byte can keep a
        // buffer of 16 KiB alive.
        if first.is_empty() && all.is_empty() && body.is_end_stream() {
            first = data;
        } else {
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

fn too_large() -> HttpReply {
    HttpReply::words(StatusCode::PAYLOAD_TOO_LARGE, "The body of the request is too large\n")
}
