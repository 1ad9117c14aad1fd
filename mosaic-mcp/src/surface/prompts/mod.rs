//! Prompts: work that people start by name, with arguments that are completed.

mod common;

use std::collections::BTreeMap;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use serde::Serialize;

use super::Content;

/// A prompt, as `prompts/list` shows it.
///
/// ```
/// use mosaic_mcp::surface::{Prompt, PromptArgument};
///
/// let prompt = Prompt::new("greet", "Greet somebody.").argument(PromptArgument::required("name", "Who."));
/// assert_eq!(prompt.arguments[0].name, "name");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Prompt {
    /// The name to get it by.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it is filled with.
    pub arguments: Vec<PromptArgument>,
}

impl Prompt {
    /// A prompt without arguments.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), description: description.into(), arguments: Vec::new() }
    }

    /// The same with one more argument.
    #[must_use]
    pub fn argument(mut self, argument: PromptArgument) -> Self {
        self.arguments.push(argument);
        self
    }
}

/// An argument of a prompt; its value is a text.
///
/// ```
/// use mosaic_mcp::surface::PromptArgument;
///
/// let argument = PromptArgument::optional("focus", "What to look at most.").values(["security", "speed"]);
/// assert!(!argument.required);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PromptArgument {
    /// Its name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Whether it must be given.
    pub required: bool,
    /// Values to choose from; any other text is as good.
    #[serde(skip)]
    pub values: Vec<String>,
}

impl PromptArgument {
    /// An argument that must be given.
    pub fn required(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), description: description.into(), required: true, values: Vec::new() }
    }

    /// An argument that may be left out.
    pub fn optional(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { required: false, ..Self::required(name, description) }
    }

    /// The same with values to choose from.
    #[must_use]
    pub fn values<S: Into<String>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.values = values.into_iter().map(Into::into).collect();
        self
    }
}

/// Who says a message.
///
/// ```
/// use mosaic_mcp::surface::PromptRole;
///
/// assert_ne!(PromptRole::User, PromptRole::Assistant);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PromptRole {
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// A message of a filled prompt.
///
/// ```
/// use mosaic_mcp::surface::{Content, PromptMessage};
///
/// let message = PromptMessage::user("Say hello.");
/// assert_eq!(message.content, Content::text("Say hello."));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PromptMessage {
    /// Who says it.
    pub role: PromptRole,
    /// What is said.
    pub content: Content,
}

impl PromptMessage {
    /// A text that the person says.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(PromptRole::User, Content::text(text))
    }

    /// Anything, said by somebody.
    pub fn new(role: PromptRole, content: Content) -> Self {
        Self { role, content }
    }
}

/// Some prompts of a server.
///
/// [`Prompts`] is the one for prompts that are a text with blanks; an own one makes messages of any kind.
#[async_trait]
pub trait PromptSource: Send + Sync + 'static {
    /// Its prompts, in a stable order.
    fn prompts(&self) -> Vec<Prompt>;

    /// The messages of one of its prompts; the arguments that must be there are.
    ///
    /// # Errors
    /// `Invalid` for arguments that do not fit; others as they come.
    async fn get(
        &self,
        cx: &CallContext,
        name: &str,
        arguments: &BTreeMap<String, String>,
    ) -> Result<Vec<PromptMessage>>;

    /// Values for an argument that begin with what was typed; `others` are the arguments given already. The values of the
    /// argument by default.
    ///
    /// # Errors
    /// Those of whatever is asked.
    async fn complete(
        &self,
        cx: &CallContext,
        prompt: &str,
        argument: &str,
        typed: &str,
        others: &BTreeMap<String, String>,
    ) -> Result<Vec<String>> {
        let _ = (cx, others);
        let prompts = self.prompts();
        let known = prompts.iter().filter(|known| known.name == prompt).flat_map(|known| &known.arguments);
        let values = known.filter(|known| known.name == argument).flat_map(|known| &known.values);
        Ok(values.filter(|value| value.starts_with(typed)).cloned().collect())
    }
}

/// Prompts that are a text with blanks: `{name}` stands for an argument; a line with a blank that was not filled is left out.
///
/// ```
/// use std::collections::BTreeMap;
/// use mosaic_core::context::CallContext;
/// use mosaic_mcp::surface::{Content, Prompt, PromptArgument, PromptSource, Prompts};
///
/// # async fn fill() -> mosaic_core::Result<()> {
/// let greet = Prompt::new("greet", "Greet somebody.").argument(PromptArgument::required("name", "Who."));
/// let prompts = Prompts::none().with(greet, "Say hello to {name}.");
/// let arguments = BTreeMap::from([("name".to_owned(), "Ann".to_owned())]);
/// let messages = prompts.get(&CallContext::new(), "greet", &arguments).await?;
/// assert_eq!(messages[0].content, Content::text("Say hello to Ann."));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Prompts(Vec<(Prompt, String)>);

impl Prompts {
    /// None yet.
    pub fn none() -> Self {
        Self::default()
    }

    /// Those for common work over the operations of the catalogue: `review_pull_request`, `triage_issue`, `prepare_release`,
    /// `explain_failed_run`.
    pub fn common() -> Self {
        common::prompts()
    }

    /// The same with one more: the prompt and its text with blanks.
    #[must_use]
    pub fn with(mut self, prompt: Prompt, text: impl Into<String>) -> Self {
        self.0.push((prompt, text.into()));
        self
    }
}

#[async_trait]
impl PromptSource for Prompts {
    fn prompts(&self) -> Vec<Prompt> {
        self.0.iter().map(|(prompt, _)| prompt.clone()).collect()
    }

    async fn get(
        &self,
        _: &CallContext,
        name: &str,
        arguments: &BTreeMap<String, String>,
    ) -> Result<Vec<PromptMessage>> {
        let (prompt, text) = self
            .0
            .iter()
            .find(|(prompt, _)| prompt.name == name)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("there is no prompt {name:?}")))?;
        let names = prompt.arguments.iter().map(|argument| argument.name.as_str());
        let values: Vec<_> = names.map(|name| (name, arguments.get(name).map(String::as_str))).collect();
        Ok(vec![PromptMessage::user(fill(text, &values))])
    }
}

/// A text with its blanks filled. What was filled in is not looked at again.
fn fill(text: &str, values: &[(&str, Option<&str>)]) -> String {
    let line = |line: &str| -> Option<String> {
        let (mut out, mut rest) = (String::new(), line);
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let blank = rest.find('}').map(|end| (&rest[1..end], end));
            match blank
                .and_then(|(name, end)| Some((values.iter().find(|(known, _)| *known == name)?.1, end)))
            {
                Some((value, end)) => {
                    out.push_str(value.filter(|value| !value.is_empty())?);
                    rest = &rest[end + 1..];
                }
                None => {
                    out.push('{');
                    rest = &rest[1..];
                }
            }
        }
        out.push_str(rest);
        Some(out)
    };
    text.lines().filter_map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_filled_once_and_lines_without_a_value_left_out() {
        let values = [("a", Some("{b}")), ("b", Some("x")), ("c", None), ("d", Some(""))];
        assert_eq!(
            fill("{a} and {b}\nonly {c}\nno {d}\n{unknown} {\nend", &values),
            "{b} and x\n{unknown} {\nend"
        );
    }

    #[tokio::test]
    async fn every_common_prompt_is_whole() {
        let common = Prompts::common();
        for prompt in common.prompts() {
            let filled: BTreeMap<_, _> = prompt
                .arguments
                .iter()
                .map(|argument| (argument.name.clone(), format!("<{}>", argument.name)))
                .collect();
            let messages = common.get(&CallContext::new(), &prompt.name, &filled).await.unwrap();
            let Content::Text { text } = &messages[0].content else { panic!("{messages:?}") };
            for argument in &prompt.arguments {
                assert!(text.contains(&filled[&argument.name]), "{}: {}", prompt.name, argument.name);
            }
            // Every tool that a prompt names is one.
            for word in text.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
                let service = word.split_once('_').is_some_and(|(service, _)| {
                    mosaic_core::types::ServiceKind::ALL.iter().any(|kind| kind.as_str() == service)
                });
                assert!(!service || crate::surface::operation_of(word).is_some(), "{}: {word}", prompt.name);
            }
        }
        let focus =
            common.complete(&CallContext::new(), "review_pull_request", "focus", "s", &BTreeMap::new()).await;
        assert!(focus.unwrap().iter().all(|value| value.starts_with('s')));
    }
}
