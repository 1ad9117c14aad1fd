//! What is before a sealed value: which master key encrypted the data key, and the encrypted data key.

use mosaic_core::error::{Error, ErrorKind, Result};

/// How every sealed value begins: the form, in a byte that no JSON begins with.
const FORM: u8 = 0xE1;
/// The nonce of AES-GCM.
pub(super) const NONCE: usize = 12;
/// Its proof, at the end.
pub(super) const TAG: usize = 16;

/// A sealed value, taken apart.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// Everything before the nonce, which the proof covers as well.
    pub(super) header: &'a [u8],
    pub(super) master: &'a str,
    pub(super) wrapped: &'a [u8],
    pub(super) nonce: [u8; NONCE],
    /// With the proof.
    pub(super) sealed: &'a [u8],
}

impl<'a> Parts<'a> {
    /// # Errors
    /// `Internal` where it is no sealed value.
    pub(super) fn of(value: &'a [u8]) -> Result<Self> {
        Self::read(value).ok_or_else(|| {
            let what = "a stored value is not sealed, or was damaged: nothing of it is used";
            Error::new(ErrorKind::Internal, what)
        })
    }

    fn read(value: &'a [u8]) -> Option<Self> {
        let (form, rest) = value.split_first()?;
        if *form != FORM {
            return None;
        }
        let (length, rest) = rest.split_first()?;
        let (master, rest) = rest.split_at_checked(usize::from(*length))?;
        let (length, rest) = rest.split_at_checked(2)?;
        let length = u16::from_le_bytes(length.try_into().ok()?);
        let (wrapped, rest) = rest.split_at_checked(usize::from(length))?;
        let (nonce, sealed) = rest.split_at_checked(NONCE)?;
        let header = value.get(..value.len() - rest.len())?;
        let master = std::str::from_utf8(master).ok()?;
        (sealed.len() >= TAG).then_some(Self {
            header,
            master,
            wrapped,
            nonce: nonce.try_into().ok()?,
            sealed,
        })
    }
}

/// The header for a data key.
///
/// # Errors
/// `Config` where the id of the master key, or the encrypted data key, is too long.
pub(super) fn write(master: &str, wrapped: &[u8]) -> Result<Box<[u8]>> {
    let too_long = |_| {
        Error::new(
            ErrorKind::Config,
            "the id of a master key has 255 bytes at most, and what it encrypts 64 KiB",
        )
    };
    let mut header = vec![FORM, u8::try_from(master.len()).map_err(too_long)?];
    header.extend_from_slice(master.as_bytes());
    header.extend_from_slice(&u16::try_from(wrapped.len()).map_err(too_long)?.to_le_bytes());
    header.extend_from_slice(wrapped);
    Ok(header.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(master in ".{0,60}", wrapped in prop::collection::vec(any::<u8>(), 0..300), rest in prop::collection::vec(any::<u8>(), 28..60)) {
            let header = write(&master, &wrapped).unwrap();
            let value = [&header[..], &rest].concat();
            let parts = Parts::of(&value).unwrap();
            prop_assert_eq!((parts.master, parts.wrapped, parts.header), (&*master, &*wrapped, &*header));
            prop_assert_eq!([&parts.nonce[..], parts.sealed].concat(), rest);
        }

        #[test]
        fn any_bytes_are_read_in_peace(value in prop::collection::vec(any::<u8>(), 0..80), form in any::<bool>()) {
            let value = if form { [&[FORM], &value[..]].concat() } else { value };
            let _ = Parts::of(&value);
        }
    }
}
