//! What is probed in one test, and the files that a configuration names: addresses and paths stand in texts as `{name}`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;

use tempfile::TempDir;
use tests::targets::Targets;

/// Servers, files, and where they are.
pub(super) struct Site {
    pub(super) targets: Targets,
    /// Files that modules name.
    files: TempDir,
    /// The documents of the function.
    documents: TempDir,
    places: BTreeMap<String, String>,
    /// What must live as long as the site does.
    _kept: Vec<Box<dyn Send>>,
}

impl Site {
    pub(super) fn new() -> Self {
        let folder = || tempfile::tempdir().expect("a folder");
        Self {
            targets: Targets::new(),
            files: folder(),
            documents: folder(),
            places: BTreeMap::new(),
            _kept: Vec::new(),
        }
    }

    /// Says where something is.
    pub(super) fn place(&mut self, name: &str, place: impl Display) {
        self.places.insert(format!("{{{name}}}"), place.to_string());
    }

    /// Writes a file that a module may name as `{name}`.
    pub(super) fn file(&mut self, name: &str, text: &str) {
        let file = self.files.path().join(name);
        fs::write(&file, text).expect("a file");
        self.place(name, file.display());
    }

    /// Keeps something until the test is over.
    pub(super) fn keep(&mut self, kept: impl Send + 'static) {
        self._kept.push(Box::new(kept));
    }

    /// A text with all places filled in.
    pub(super) fn filled(&self, text: &str) -> String {
        let fill = |text: String, (name, place): (&String, &String)| text.replace(name, place);
        self.places.iter().fold(text.to_owned(), fill)
    }

    /// Writes a document of the function's configuration.
    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.documents.path().join(name), self.filled(text)).expect("a document");
    }

    /// Where the documents are.
    pub(super) fn configuration(&self) -> String {
        self.documents.path().display().to_string()
    }
}
