//! Where a module keeps its secrets: gathered while it is read, since what is valid keeps them in many places.

use config::SecretRef;

/// The secret places of one module.
#[derive(Debug, Default)]
pub(super) struct Secrets(Vec<SecretRef>);

impl Secrets {
    pub(super) fn add<'a>(&mut self, references: impl IntoIterator<Item = &'a SecretRef>) {
        self.0.extend(references.into_iter().cloned());
    }

    pub(super) fn references(&self) -> Vec<&SecretRef> {
        self.0.iter().collect()
    }
}
