//! Messages between two processes of the same program: the length, in four bytes, and the message.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longer than any message: a hundred thousand files with their names.
const LONGEST: u32 = 256 << 20;

pub fn write(out: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let bytes = postcard::to_allocvec(message).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&bytes)
}

/// The next message; none at the end.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Ok(()) => {}
        Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(why) => return Err(why),
    }
    let length = u32::from_le_bytes(length);
    if length > LONGEST {
        return Err(io::Error::other("that is no message"));
    }
    let mut bytes = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut bytes)?;
    postcard::from_bytes(&bytes).map(Some).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_half_a_message_is_none() {
        let mut bytes = Vec::new();
        write(&mut bytes, &"one").unwrap();
        write(&mut bytes, &"two").unwrap();
        let from = &mut bytes.as_slice();
        assert_eq!(read::<String>(from).unwrap().as_deref(), Some("one"));
        assert_eq!(read::<String>(from).unwrap().as_deref(), Some("two"));
        assert_eq!(read::<String>(from).unwrap(), None);
        assert!(read::<String>(&mut &bytes[..6]).is_err());
        assert!(read::<String>(&mut &b"Usage: mailwright"[..]).is_err());
    }
}
