//! A zip archive of one file, which is kept as it is.

use crate::fake::forge::ArtifactFile;

/// The archive of an artifact.
pub(super) fn of(file: &ArtifactFile) -> Vec<u8> {
    let (name, content) = (file.path.as_bytes(), file.content.as_slice());
    let size = u32::try_from(content.len()).unwrap().to_le_bytes();
    // What both headers have: version, flags, method, time, checksum, sizes, length of the name, nothing beside it.
    let mut facts = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
    facts.extend(checksum(content).to_le_bytes());
    facts.extend(size);
    facts.extend(size);
    facts.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    facts.extend([0, 0]);
    let mut zip = b"PK\x03\x04".to_vec();
    zip.extend(&facts);
    zip.extend(name);
    zip.extend(content);
    let directory = zip.len();
    zip.extend(b"PK\x01\x02\x14\x00");
    zip.extend(&facts);
    // Comment, disk, attributes of two kinds, and where the file begins.
    zip.extend([0; 14]);
    zip.extend(name);
    let length = u32::try_from(zip.len() - directory).unwrap();
    zip.extend(b"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00");
    zip.extend(length.to_le_bytes());
    zip.extend(u32::try_from(directory).unwrap().to_le_bytes());
    zip.extend([0, 0]);
    zip
}

/// CRC-32.
fn checksum(content: &[u8]) -> u32 {
    !content.iter().fold(!0u32, |mut sum, byte| {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 };
        }
        sum
    })
}
