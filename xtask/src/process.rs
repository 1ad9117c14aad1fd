//! Running a program: shown as it is typed, and a failure names the command.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::error::{Error, Result};

/// Runs `command` with its output going straight to the terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", show(command));
    let status = command.status().map_err(|source| start(command, source))?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: show(command), status }) }
}

/// Runs `command` and returns what it printed on standard output; standard error stays on the terminal.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let Output { status, stdout, .. } =
        command.stderr(Stdio::inherit()).output().map_err(|source| start(command, source))?;
    if !status.success() {
        return Err(Error::Failed { command: show(command), status });
    }
    String::from_utf8(stdout)
        .map_err(|error| Error::Output { command: show(command), reason: error.to_string() })
}

/// Whether `command` can be started and succeeds; prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The command line without directories in front of the program.
pub(crate) fn show(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn start(command: &Command, source: std::io::Error) -> Error {
    Error::Start { program: show(command), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named() {
        let error = capture(Command::new("no-such-program").arg("--version")).unwrap_err();
        assert!(error.to_string().starts_with("cannot start `no-such-program --version`: "), "{error}");
    }

    #[test]
    fn directories_of_the_program_are_not_shown() {
        let mut command = Command::new(Path::new("opt").join("bin").join("cargo"));
        assert_eq!(show(command.args(["test", "--doc"])), "cargo test --doc");
    }
}
