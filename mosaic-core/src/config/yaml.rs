//! From the events of the YAML parser to a tree, within bounds of size, depth and number of values.

use std::collections::{HashMap, HashSet};
use std::ops::AddAssign;

use granit_parser::{Event, Options, Parser, ScalarStyle, Tag, options};

use super::code::Code;
use super::node::{Content, Entry, Kind, Node, Scalar};
use super::path;
use super::report::Found;
use super::source::{Source, Span};

/// Longer files are not read.
pub(super) const LONGEST: usize = 1 << 20;
const DEEPEST: usize = 64;
/// Values in all, those that aliases repeat included.
const MOST: usize = 200_000;
/// Bytes of their texts and keys, likewise.
const MOST_BYTES: usize = 4 * LONGEST;

/// Reads the one document of a text. What is wrong with it is added to `found`; without a tree it was no YAML at all.
pub(super) fn parse(source: &mut Source, found: &mut Vec<Found>) -> Option<Node> {
    let text = source.text().to_owned();
    if text.len() > LONGEST {
        let message = format!("the file has {} bytes; at most {LONGEST} are read", text.len());
        found.push(Found::error(Code::TooLarge, "", 0..0, message));
        return None;
    }
    let mut tree = Tree {
        text: &text,
        found,
        stack: Vec::new(),
        anchors: HashMap::new(),
        root: None,
        size: Size::default(),
        masked: Vec::new(),
    };
    let result = tree.build(&text);
    let (root, masked) = (tree.root, tree.masked);
    masked.into_iter().for_each(|span| source.mask(span));
    match result {
        Ok(()) => Some(root.unwrap_or(Node { content: nothing(), span: 0..0 })),
        Err((code, at, message)) => {
            // Without a tree it is not known what is a secret.
            mask_values(source, &text);
            found.push(Found::error(code, "", at..at, message));
            None
        }
    }
}

fn limits() -> Options {
    options! { flow_nesting_limit: DEEPEST, block_nesting_limit: DEEPEST, emit_comments: false, emit_unresolved_aliases: true }
}

fn nothing() -> Content {
    Content::Scalar(Scalar { text: String::new(), kind: Kind::Plain, raw: None })
}

/// Masks all of every line but a leading key.
fn mask_values(source: &mut Source, text: &str) {
    let mut begin = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_end();
        let indent = trimmed.len() - trimmed.trim_start_matches([' ', '-', '\t']).len();
        let key = trimmed[indent..].find(':').filter(|length| {
            trimmed[indent..indent + length]
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        });
        let from = key.map_or(indent, |length| indent + length + 1);
        let blank = trimmed[from..].len() - trimmed[from..].trim_start().len();
        if from + blank < trimmed.len() {
            source.mask(begin + from + blank..begin + trimmed.len());
        }
        begin += line.len();
    }
}

type Stop = (Code, usize, String);

struct Tree<'f> {
    text: &'f str,
    found: &'f mut Vec<Found>,
    stack: Vec<Open>,
    anchors: HashMap<usize, Node>,
    root: Option<Node>,
    size: Size,
    masked: Vec<Span>,
}

/// A list or mapping whose end was not read yet.
struct Open {
    anchor: usize,
    begin: usize,
    items: Vec<Node>,
    map: Option<Fields>,
}

#[derive(Default)]
struct Fields {
    entries: Vec<Entry>,
    seen: HashSet<String>,
    key: Option<(String, Span)>,
}

impl Tree<'_> {
    fn build(&mut self, text: &str) -> Result<(), Stop> {
        for next in Parser::new_from_str_with_options(text, limits()) {
            let (event, span) = next.map_err(|error| {
                let at = error.marker().byte_offset().unwrap_or_default().min(text.len());
                (Code::Syntax, at, format!("this is no YAML: {}", error.kind()))
            })?;
            let span = span.byte_range().unwrap_or_default();
            let span = span.start.min(text.len())..span.end.min(text.len());
            match event {
                Event::DocumentStart(..) if self.root.is_some() => {
                    let message = "the file has a second document; a configuration is one document";
                    return Err((Code::Syntax, span.start, message.into()));
                }
                Event::Scalar(value, style, anchor, tag) => {
                    let kind = kind(style, tag.as_deref(), &span)?;
                    // The parser gives `~` for what is not there at all.
                    let text = if span.is_empty() { String::new() } else { value.into_owned() };
                    let size = Size { values: 1, bytes: text.len() };
                    let scalar = Scalar { text, kind, raw: None };
                    self.value(Node { content: Content::Scalar(scalar), span }, anchor, size)?;
                }
                Event::SequenceStart(_, anchor, tag) => {
                    collection(tag.as_deref(), "seq", &span)?;
                    self.open(anchor, span.start, None)?;
                }
                Event::MappingStart(_, anchor, tag) => {
                    collection(tag.as_deref(), "map", &span)?;
                    self.open(anchor, span.start, Some(Fields::default()))?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
                Event::Alias(anchor) => {
                    let Some(node) = self.anchors.get(&anchor) else {
                        return Err((
                            Code::Syntax,
                            span.start,
                            "this alias stands inside of what it names".into(),
                        ));
                    };
                    let (size, depth) = measure(node);
                    if self.stack.len() + depth > DEEPEST {
                        return Err(too_deep(span.start));
                    }
                    self.value(node.clone(), 0, size)?;
                }
                Event::UnresolvedAlias(_) => {
                    let message =
                        "no anchor of this name stands above; a text that begins with * needs quotes";
                    return Err((Code::Syntax, span.start, message.into()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, anchor: usize, begin: usize, map: Option<Fields>) -> Result<(), Stop> {
        if self.stack.len() >= DEEPEST {
            return Err(too_deep(begin));
        }
        if let Some(Open { map: Some(Fields { key: None, .. }), .. }) = self.stack.last() {
            return Err((Code::Syntax, begin, NO_KEY.into()));
        }
        self.stack.push(Open { anchor, begin, items: Vec::new(), map });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), Stop> {
        let Some(Open { anchor, begin, items, map }) = self.stack.pop() else { return Ok(()) };
        let last = match &map {
            Some(fields) => fields.entries.last().map(|entry| entry.value.span.end.max(entry.at.end)),
            None => items.last().map(|item| item.span.end),
        };
        // The end of a block is only seen with the next token; the end of its last value is where people see it.
        let end = if span.is_empty() { last.unwrap_or(begin).max(begin) } else { span.end };
        let content = map.map_or(Content::List(items), |fields| Content::Map(fields.entries));
        self.value(Node { content, span: begin..end }, anchor, Size { values: 1, bytes: 0 })
    }

    /// A value is complete: it goes to where the innermost open collection wants it.
    fn value(&mut self, node: Node, anchor: usize, size: Size) -> Result<(), Stop> {
        self.size += size;
        if anchor != 0 {
            // What is kept for aliases counts too: anchors inside of anchors keep the same values many times.
            self.size += measure(&node).0;
            self.anchors.insert(anchor, node.clone());
        }
        if self.size.values > MOST {
            return Err((Code::TooLarge, node.span.start, format!("the file has more than {MOST} values")));
        }
        if self.size.bytes > MOST_BYTES {
            let message =
                format!("the values have more than {MOST_BYTES} bytes, with those that aliases repeat");
            return Err((Code::TooLarge, node.span.start, message));
        }
        let Some(open) = self.stack.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        let Some(fields) = &mut open.map else {
            open.items.push(node);
            return Ok(());
        };
        let Some((key, at)) = fields.key.take() else {
            let Content::Scalar(scalar) = node.content else {
                return Err((Code::Syntax, node.span.start, NO_KEY.into()));
            };
            if path::open_part(&scalar.text).is_some() {
                self.masked.push(behind_name(self.text, &node.span));
            }
            fields.key = Some((scalar.text, node.span));
            return Ok(());
        };
        let fault = if key == "<<" {
            let message = "merge keys (<<) are no part of YAML 1.2; write the keys out, or name a whole value by an alias";
            Some((Code::UnknownKey, message.to_owned()))
        } else if !fields.seen.insert(key.clone()) {
            Some((Code::DuplicateKey, format!("the key {:?} is here twice", path::shown(&key))))
        } else {
            None
        };
        match fault {
            None => fields.entries.push(Entry { key, at, value: node }),
            // The key was taken: the path ends before it.
            Some((code, message)) => {
                node.scalars(&mut |_, span| self.masked.push(span.clone()));
                let path = path::key(&self.path(), &key);
                self.found.push(Found::error(code, path, at, message));
            }
        }
        Ok(())
    }

    /// Where the value that is being read stands.
    fn path(&self) -> String {
        self.stack.iter().fold(String::new(), |path, open| match &open.map {
            Some(Fields { key: Some((key, _)), .. }) => path::key(&path, key),
            Some(_) => path,
            None => path::index(&path, open.items.len()),
        })
    }
}

const NO_KEY: &str = "a key is a plain text; this is a list or a mapping";

fn too_deep(at: usize) -> Stop {
    (Code::TooLarge, at, format!("values are nested in more than {DEEPEST} others"))
}

/// How many values there are, and the bytes of their texts and keys.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    values: usize,
    bytes: usize,
}

impl AddAssign for Size {
    fn add_assign(&mut self, other: Self) {
        self.values += other.values;
        self.bytes += other.bytes;
    }
}

/// The size of a node, itself included, and how deep its values are nested.
fn measure(node: &Node) -> (Size, usize) {
    let (mut size, mut deepest) = (Size { values: 1, bytes: 0 }, 0);
    let mut child = |node: &Node| {
        let (inner, depth) = measure(node);
        size += inner;
        deepest = deepest.max(depth);
    };
    match &node.content {
        Content::Scalar(scalar) => return (Size { values: 1, bytes: scalar.text.len() }, 0),
        Content::List(items) => items.iter().for_each(&mut child),
        Content::Map(entries) => entries.iter().for_each(|entry| child(&entry.value)),
    }
    size.bytes += node.entries().iter().map(|entry| entry.key.len()).sum::<usize>();
    (size, 1 + deepest)
}

/// The part of a key that is not shown, as it is written.
fn behind_name(text: &str, key: &Span) -> Span {
    let written = text.get(key.clone()).unwrap_or_default();
    let quote = usize::from(written.starts_with(['"', '\'']));
    let open = path::open_part(&written[quote..]).unwrap_or_default();
    key.start + quote + open..key.end
}

/// A tag of the core schema, or none; others would ask for what nobody does.
fn kind(style: ScalarStyle, tag: Option<&Tag>, span: &Span) -> Result<Kind, Stop> {
    match tag.map(|tag| tag.core_suffix()) {
        None if style == ScalarStyle::Plain => Ok(Kind::Plain),
        None | Some(Some("str")) => Ok(Kind::Text),
        Some(Some("int" | "float" | "bool" | "null")) => Ok(Kind::Plain),
        Some(_) => Err(unknown_tag(span)),
    }
}

fn collection(tag: Option<&Tag>, own: &str, span: &Span) -> Result<(), Stop> {
    match tag {
        Some(tag) if tag.core_suffix() != Some(own) => Err(unknown_tag(span)),
        _ => Ok(()),
    }
}

fn unknown_tag(span: &Span) -> Stop {
    let message = "the value has a tag that is not read here; a text that begins with ! needs quotes";
    (Code::Syntax, span.start, message.into())
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
