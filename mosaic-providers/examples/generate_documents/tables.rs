//! The tables of operations in the documents of providers: which there are and whether they are offered is what the plugins
//! declare, the rest is a person's.

use std::collections::BTreeSet;

use mosaic_core::op::{OpMeta, OpSet, catalogue};
use mosaic_core::types::ServiceKind;

/// What stands around a table.
const BEGIN: &str = "<!-- operations:begin -->\n";
const END: &str = "<!-- operations:end -->";

/// What a plugin declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) service: ServiceKind,
    /// As it comes.
    pub(crate) plain: OpSet,
    /// With calls in the vendor's own words allowed.
    pub(crate) allowed: OpSet,
}

impl Declared {
    /// What the table says of an operation.
    fn word(&self, meta: &OpMeta) -> &'static str {
        match (self.plain.has(meta), self.allowed.has(meta)) {
            (true, _) => "yes",
            (false, true) => "with `vendorCalls`",
            (false, false) => "no",
        }
    }
}

/// A line of a table: some operations with what is said of all of them.
struct Row {
    operations: Vec<&'static OpMeta>,
    offered: String,
    remark: String,
}

/// The document with its tables as they have to be. Rows keep their order, their operations as long as all of them are offered or
/// none is, and their remarks; operations without a row get one at the end. `composed` is a way of `yes`.
pub(crate) fn rewrite(document: &str, declared: &[Declared]) -> Result<String, String> {
    let mut parts = document.split(BEGIN);
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut left: Vec<&Declared> = declared.iter().collect();
    for part in parts {
        let (table, after) = part.split_once(END).ok_or("a table has no end")?;
        let lines: Vec<&str> = table.lines().collect();
        let [head, rule, rows @ ..] = lines.as_slice() else { return Err("a table has no head".to_owned()) };
        let first = rows
            .first()
            .map(|row| cells(row))
            .transpose()?
            .ok_or("a table has no row to tell its service by")?;
        let at = left.iter().position(|one| {
            names(first[0])
                .iter()
                .any(|name| !name.starts_with("vendor_") && find(one.service, name).is_some())
        });
        let one = left
            .remove(at.ok_or_else(|| format!("a table begins with {}, which no plugin serves", first[0]))?);
        let long = first[0].contains('.');
        text += &format!("{BEGIN}{head}\n{rule}\n");
        for row in table_of(one, rows)? {
            let list: Vec<_> = row
                .operations
                .iter()
                .map(|meta| if long { format!("`{}`", meta.name) } else { format!("`{}`", short(meta)) })
                .collect();
            text += &format!("| {} | {} | {}|\n", list.join(", "), row.offered, row.remark);
        }
        text += END;
        text += after;
    }
    match left.first() {
        None => Ok(text),
        Some(one) => Err(format!("there is no table for {}", one.service)),
    }
}

fn table_of(one: &Declared, lines: &[&str]) -> Result<Vec<Row>, String> {
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for line in lines {
        let [first, offered, remark] = cells(line)?;
        let mut parts: Vec<Row> = Vec::new();
        for name in names(first) {
            let meta = find(one.service, name)
                .ok_or_else(|| format!("there is no operation {name} of {}", one.service))?;
            if !seen.insert(meta.name) {
                return Err(format!("{} has two rows", meta.name));
            }
            let word = match one.word(meta) {
                "yes" if offered == "composed" => "composed",
                word => word,
            };
            match parts.last_mut().filter(|part| part.offered == word) {
                Some(part) => part.operations.push(meta),
                None => parts.push(Row {
                    operations: vec![meta],
                    offered: word.to_owned(),
                    remark: remark.to_owned(),
                }),
            }
        }
        rows.append(&mut parts);
    }
    let mut vendor = Row { operations: Vec::new(), offered: String::new(), remark: String::new() };
    for def in catalogue().service(one.service).filter(|def| !seen.contains(def.meta.name)) {
        let row =
            Row { operations: vec![def.meta], offered: one.word(def.meta).to_owned(), remark: String::new() };
        if def.meta.vendor {
            vendor = Row { operations: [vendor.operations, row.operations].concat(), ..row };
        } else {
            rows.push(row);
        }
    }
    if !vendor.operations.is_empty() {
        rows.push(vendor);
    }
    Ok(rows)
}

/// The three cells of a row; the last one with the space behind it, where it says something.
fn cells(line: &str) -> Result<[&str; 3], String> {
    let wrong = || format!("a row is no `| operation | offered | remark |`: {line}");
    let inner = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')).ok_or_else(wrong)?;
    let (first, rest) = inner.split_once('|').ok_or_else(wrong)?;
    let (second, remark) = rest.split_once('|').ok_or_else(wrong)?;
    Ok([first.trim(), second.trim(), remark.trim_start()])
}

fn names(cell: &str) -> Vec<&str> {
    cell.split(',').map(|name| name.trim().trim_matches('`')).collect()
}

fn short(meta: &OpMeta) -> &'static str {
    meta.name.split_once('.').map_or(meta.name, |(_, name)| name)
}

fn find(service: ServiceKind, name: &str) -> Option<&'static OpMeta> {
    catalogue().service(service).map(|def| def.meta).find(|meta| meta.name == name || short(meta) == name)
}
