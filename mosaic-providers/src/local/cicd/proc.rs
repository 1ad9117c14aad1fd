//! What the operating system says of processes: who lives, since when, in which group and with which mark.

use std::fs;
use std::io;

/// A process that lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: i32,
    pub(super) group: i32,
    /// In ticks of the clock since the machine started: tells apart two processes that had the same number.
    pub(super) start: u64,
}

impl Process {
    /// The living process of a number; one that only waits to be collected does not live.
    pub(super) fn find(pid: i32) -> Option<Self> {
        parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Every living process.
    pub(super) fn all() -> io::Result<Vec<Self>> {
        let mut all = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            // One that ends meanwhile is not there.
            all.extend(name.to_str().and_then(|name| name.parse().ok()).and_then(Self::find));
        }
        Ok(all)
    }

    /// Whether it was started with this in its environment, as far as that may be seen.
    pub(super) fn carries(&self, variable: &str) -> bool {
        let environment = fs::read(format!("/proc/{}/environ", self.pid)).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes())
    }
}

/// Reads a `stat` file. The name of the program stands in parentheses and may hold anything.
fn parse(pid: i32, stat: &str) -> Option<Process> {
    let mut fields = stat[stat.rfind(')')? + 1..].split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    // Counted from the state, which is field 3 of the manual: the group is field 5, the start field 22.
    let group = fields.nth(1)?.parse().ok()?;
    let start = fields.nth(16)?.parse().ok()?;
    Some(Process { pid, group, start })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_do_not_move_the_fields() {
        let tail = "S 1 42 7 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 98765 1 1";
        for name in ["sh", "a) S 1 2 (b", ""] {
            let found = parse(9, &format!("9 ({name}) {tail}")).unwrap();
            assert_eq!(found, Process { pid: 9, group: 42, start: 98765 });
        }
        assert_eq!(parse(9, &format!("9 (sh) Z{}", &tail[1..])), None);
        assert_eq!(parse(9, "9 (sh"), None);
    }

    #[test]
    fn this_process_is_found() {
        let pid = std::process::id().cast_signed();
        let own = Process::find(pid).unwrap();
        assert!(Process::all().unwrap().contains(&own));
        let variable = std::env::vars().next().map(|(name, value)| format!("{name}={value}")).unwrap();
        assert!(own.carries(&variable) && !own.carries("MOSAIC_NOT_THERE=1"));
    }
}
