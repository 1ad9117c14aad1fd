//! The servers of the examples against programs of others: the official conformance suite, the inspector, the client in Python.
//!
//! `cargo xtask test` installs the programs and names them by `MOSAIC_NODE22`, `MOSAIC_MCP_TOOLS` and `MOSAIC_MCP_PYTHON`. Where
//! they are not named the tests are skipped and say so; with `MOSAIC_REQUIRE_SERVERS` that is a failure.

mod news;

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// What the variable names; none where the test is to be skipped.
fn named(variable: &str) -> Option<OsString> {
    let value = std::env::var_os(variable);
    if value.is_none() {
        assert!(std::env::var_os("MOSAIC_REQUIRE_SERVERS").is_none(), "{variable} is not set");
        eprintln!("skipped: {variable} is not set; `cargo xtask test` sets it");
    }
    value
}

/// A program of an example, which cargo has built beside this test.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().and_then(Path::parent).unwrap().join("examples").join(name);
    assert!(program.is_file(), "{} is not built: cargo builds it with `--examples`", program.display());
    program
}

/// A server that listens, with a folder of its own.
struct Listening {
    program: Child,
    url: String,
    _folder: TempDir,
}

impl Listening {
    fn new(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Command::new(example("mcp_http"))
            .args(["--port", "0", "--folder"])
            .arg(folder.path())
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { program, url: url.trim().to_owned(), _folder: folder }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // One that ended on its own has failed a test already.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// What a program said, which must have ended well.
fn said(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat();
    assert!(output.status.success(), "{}: {text}", output.status);
    text
}

fn tool(node: &OsString, tools: &OsString, script: &str) -> Command {
    let mut command = Command::new(node);
    command.arg(Path::new(tools).join("node_modules").join(script));
    command
}

#[test]
fn the_conformance_suite_is_green() {
    let (Some(node), Some(tools)) = (named("MOSAIC_NODE22"), named("MOSAIC_MCP_TOOLS")) else { return };
    let server = Listening::new(&["--conformance"]);
    let results = tempfile::tempdir().unwrap();
    let mut suite = tool(&node, &tools, "@modelcontextprotocol/conformance/dist/index.js");
    suite.args(["server", "--suite", "all", "--url", &server.url]).current_dir(results.path());
    let text = said(&suite.output().unwrap());
    let passed = text.lines().filter(|line| line.starts_with('✓') && line.ends_with("0 failed")).count();
    // The scenarios that docs/mcp-conformance.md lists; a new version of the suite may bring more.
    let listed = include_str!("../../docs/mcp-conformance.md");
    let listed = listed.lines().filter(|line| line.starts_with("| `") && line.contains("| server |")).count();
    assert_eq!(passed, listed, "{text}");
}

#[test]
fn the_inspector_lists_tools_over_both_transports() {
    let (Some(node), Some(tools)) = (named("MOSAIC_NODE22"), named("MOSAIC_MCP_TOOLS")) else { return };
    let server = Listening::new(&[]);
    let folder = tempfile::tempdir().unwrap();
    let (stdio, folder) = (example("mcp_stdio"), folder.path());
    let targets: [Vec<OsString>; 2] =
        [vec![(&server.url).into(), "--transport".into(), "http".into()], vec![stdio.into(), folder.into()]];
    for target in targets {
        let mut inspector = tool(&node, &tools, ".bin/mcp-inspector");
        inspector.arg("--cli").args(target).args(["--method", "tools/list"]);
        let text = said(&inspector.output().unwrap());
        assert!(text.contains("\"git_get_repository\""), "{text}");
    }
}

#[test]
fn the_client_in_python_calls_tools_over_both_transports_in_every_protocol() {
    let Some(python) = named("MOSAIC_MCP_PYTHON") else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mcp/client.py");
    let server = Listening::new(&[]);
    for mode in ["auto", "legacy", "2026-07-28"] {
        let folder = tempfile::tempdir().unwrap();
        let targets: [Vec<OsString>; 2] =
            [vec![(&server.url).into()], vec![example("mcp_stdio").into(), folder.path().into()]];
        for target in targets {
            let output = Command::new(&python).arg(&script).arg(mode).args(&target).output().unwrap();
            assert!(said(&output).contains("ok"), "{mode} {target:?}");
        }
    }
}

/// The example over standard input and output, spoken to by hand: needs no other program, so it is never skipped.
#[test]
fn the_example_over_standard_input_and_output_answers_and_ends_with_its_client() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Command::new(example("mcp_stdio"))
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = program.stdin.take().unwrap();
    let mut output = BufReader::new(program.stdout.take().unwrap()).lines();
    let client = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } });
    let read = |uri: &str| ("resources/read", json!({ "uri": uri }));
    let requests = [
        ("initialize", client),
        ("tools/list", json!({})),
        ("tools/call", json!({ "name": "search_tools", "arguments": { "query": "search documents" } })),
        read("mosaic://health"),
        read("mosaic://providers/forge"),
        read("mosaic://providers/none"),
    ];
    let mut answers = Vec::new();
    for (id, (method, params)) in requests.into_iter().enumerate() {
        writeln!(input, "{}", json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .unwrap();
        let answer: Value = serde_json::from_str(&output.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["id"], id);
        answers.push(answer);
    }
    assert_eq!(answers[0]["result"]["protocolVersion"], "2025-11-25");
    let tools = answers[1]["result"]["tools"].as_array().unwrap();
    assert!(serde_json::to_vec(tools).unwrap().len() <= 4 * 16_000 && tools.len() > 2);
    assert_eq!(answers[2]["result"]["structuredContent"]["tools"][0]["name"], "docs_search_documents");
    let document = |at: usize| -> Value {
        serde_json::from_str(answers[at]["result"]["contents"][0]["text"].as_str().unwrap()).unwrap()
    };
    assert!(document(3)["forge"]["usable"].as_bool().unwrap());
    assert_eq!(document(4)["id"], "forge");
    assert!(answers[5]["error"]["message"].as_str().unwrap().contains("mosaic://providers"));
    drop(input);
    assert!(program.wait().unwrap().success());
}
