//! The answers of this server against the schemas of GitHub's document.
