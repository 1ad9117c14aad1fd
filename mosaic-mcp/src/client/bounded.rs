//! Lines of a server that are longer than is taken: each becomes an error for the call that waits for it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, ReadBuf};

/// The code of the error, which no server sends by the protocol.
pub(super) const TOO_LARGE: i32 = -32_050;
/// How much is read at once, in bytes.
const CHUNK: usize = 16 * 1024;
/// The longest id that is looked at, and the longest key, in bytes.
const ID: usize = 256;
const KEY: usize = 8;

/// A stream of lines of JSON-RPC. A line of more than so many bytes does not come out; where it is an answer, an error for the same
/// request comes out instead, as soon as both its id and the excess have come. Nothing but the beginning is kept of it.
pub(super) struct Bounded<R> {
    inner: R,
    most: usize,
    line: Line,
    chunk: Box<[u8]>,
    /// What is still to come out, from this place on.
    out: Vec<u8>,
    from: usize,
}

impl<R> Bounded<R> {
    pub(super) fn new(inner: R, most: usize) -> Self {
        let chunk = vec![0; CHUNK].into();
        Self { inner, most, line: Line::default(), chunk, out: Vec::new(), from: 0 }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Bounded<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.from == this.out.len() {
            (this.from, _) = (0, this.out.clear());
            let mut chunk = ReadBuf::new(&mut this.chunk);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            for byte in chunk.filled() {
                this.line.take(*byte, this.most, &mut this.out);
            }
        }
        let rest = &this.out[this.from..];
        let taken = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..taken]);
        this.from += taken;
        Poll::Ready(Ok(()))
    }
}

/// What is known of the line that comes.
#[derive(Default)]
struct Line {
    length: usize,
    told: bool,
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// At a place of the message where a key comes next.
    key_next: bool,
    in_key: bool,
    key: Vec<u8>,
    in_id: bool,
    id: Vec<u8>,
    /// The id is whole.
    id_known: bool,
    answers: bool,
}

impl Line {
    /// Takes one byte, and gives out what comes of it.
    fn take(&mut self, byte: u8, most: usize, out: &mut Vec<u8>) {
        if byte == b'\n' {
            if self.length <= most {
                out.push(byte);
            } else if !self.told {
                tracing::warn!(target: "mosaic::mcp", most, "a message that is too large was dropped");
            }
            *self = Self::default();
            return;
        }
        self.length = self.length.saturating_add(1);
        self.look(byte);
        if self.length <= most {
            out.push(byte);
            return;
        }
        if self.length == most + 1 {
            // What came out so far is no JSON: nobody takes it for a message.
            out.push(b'\n');
        }
        if !self.told && self.answers && self.id_known {
            self.told = true;
            if let Ok(id @ (Value::Number(_) | Value::String(_))) = serde_json::from_slice(&self.id) {
                let message = format!("the answer is larger than {most} bytes");
                let error = json!({ "code": TOO_LARGE, "message": message });
                let answer = json!({ "jsonrpc": "2.0", "id": id, "error": error });
                out.extend_from_slice(answer.to_string().as_bytes());
                out.push(b'\n');
            }
        }
    }

    fn look(&mut self, byte: u8) {
        if self.in_text {
            self.keep(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.in_text = false;
                    if std::mem::take(&mut self.in_key) {
                        self.key.pop();
                        self.answers |= matches!(&*self.key, b"result" | b"error");
                    }
                }
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => {
                self.in_text = true;
                if std::mem::take(&mut self.key_next) {
                    self.in_key = true;
                    self.key.clear();
                } else {
                    self.keep(byte);
                }
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.key_next = self.depth == 1;
            }
            b'}' | b']' => {
                self.end_of_field();
                self.depth = self.depth.saturating_sub(1);
            }
            b',' => {
                self.end_of_field();
                self.key_next = self.depth == 1;
            }
            b':' if self.depth == 1 => self.in_id = self.key == b"id",
            _ => self.keep(byte),
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.in_key && self.key.len() < KEY {
            self.key.push(byte);
        } else if self.in_id && self.depth == 1 && self.id.len() < ID {
            self.id.push(byte);
        }
    }

    fn end_of_field(&mut self) {
        if self.depth == 1 {
            self.id_known |= std::mem::take(&mut self.in_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// What comes out of these bytes.
    fn through(bytes: &[u8], most: usize) -> Vec<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut out = Vec::new();
        runtime.block_on(Bounded::new(bytes, most).read_to_end(&mut out)).unwrap();
        out
    }

    /// The messages of it that are JSON.
    fn messages(bytes: &[u8]) -> Vec<Value> {
        bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }

    #[test]
    fn an_answer_that_is_too_large_becomes_an_error_for_its_call() {
        let long = "x".repeat(60_000);
        for (line, id) in [
            (format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"id":1,"text":"{long}"}}}}"#), json!(7)),
            (
                format!(r#"{{"result":{{"id":1,"text":"\"}},{long}"}},"jsonrpc":"2.0","id": "a\"b" }}"#),
                json!("a\"b"),
            ),
            (format!(r#"{{"error":{{"code":1,"message":"{long}"}},"id":-3}}"#), json!(-3)),
        ] {
            let text = format!("{{\"first\":1}}\n{line}\n{{\"last\":1}}\n");
            let said = messages(&through(text.as_bytes(), 1_000));
            assert_eq!((&said[0], &said[2]), (&json!({ "first": 1 }), &json!({ "last": 1 })));
            assert_eq!((&said[1]["id"], &said[1]["error"]["code"]), (&id, &json!(TOO_LARGE)));
            assert_eq!(said[1]["error"]["message"], "the answer is larger than 1000 bytes");
            assert_eq!(said.len(), 3);
        }
    }

    #[test]
    fn the_error_does_not_wait_for_the_end_of_the_line() {
        let open = format!(r#"{{"jsonrpc":"2.0","id":7,"result":"{}"#, "x".repeat(2_000));
        assert_eq!(messages(&through(open.as_bytes(), 1_000))[0]["id"], 7);
    }

    #[test]
    fn what_is_no_answer_is_dropped() {
        let long = "x".repeat(2_000);
        for line in [
            format!(r#"{{"id":7,"method":"ping","params":"{long}"}}"#),
            format!(r#"{{"method":"{long}"}}"#),
            format!(r#"{{"result":"{long}","id":[1]}}"#),
            format!(r#"{{"result":"{long}","id":null}}"#),
            long.clone(),
        ] {
            assert!(messages(&through(format!("{line}\n").as_bytes(), 1_000)).is_empty());
        }
    }

    proptest! {
        #[test]
        fn what_is_short_enough_comes_out_as_it_was(lines in prop::collection::vec("[^\n]{0,40}", 0..8)) {
            let text = lines.join("\n");
            let most = lines.iter().map(String::len).max().unwrap_or(0);
            prop_assert_eq!(through(text.as_bytes(), most), text.as_bytes());
        }

        #[test]
        fn no_line_that_comes_out_is_too_long(bytes in prop::collection::vec(any::<u8>(), 0..400), most in 0_usize..50) {
            let told = TOO_LARGE.to_string().into_bytes();
            for line in through(&bytes, most).split(|byte| *byte == b'\n') {
                let is_told = line.windows(told.len()).any(|part| part == told);
                prop_assert!(line.len() <= most || is_told, "{:?}", String::from_utf8_lossy(line));
            }
        }
    }
}
