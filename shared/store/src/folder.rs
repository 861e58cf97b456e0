//! Objects as files of a folder.
//!
//! A file is written beside the others, forced to disk, and renamed into place: a reader sees the old or the new
//! body, whole. Its version is the hash of its content. Writers take a lock on `.hostless/lock` in the folder, which
//! the system releases when a process dies; in between they compare what is there with what they expect.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path as Key;
use sha2::{Digest, Sha256};

use crate::{Expect, PutError, StoreError, Version};

/// What is ours in the folder: the lock, and the file that is being written.
const OWN: &str = ".hostless";

#[derive(Debug, Clone)]
pub(crate) struct Folder(Arc<PathBuf>);

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(Arc::new(path))
    }

    pub(crate) async fn get(&self, key: &Key) -> Result<Option<(Bytes, Version)>, StoreError> {
        let file = self.file(key)?;
        let read = self.blocking(move |_| read(&file)).await;
        let body = read.map_err(|error| StoreError::failed("read", key.as_ref(), error))?;
        Ok(body.map(|body| (Bytes::from(body.clone()), version(&body))))
    }

    pub(crate) async fn put(
        &self,
        key: &Key,
        body: Bytes,
        expect: Expect,
    ) -> Result<Version, PutError> {
        let file = self.file(key)?;
        let written = version(&body);
        let put = self.blocking(move |root| replace(root, &file, &body, &expect)).await;
        match put {
            Ok(true) => Ok(written),
            Ok(false) => Err(PutError::Conflict(key.to_string())),
            Err(error) => Err(StoreError::failed("write", key.as_ref(), error).into()),
        }
    }

    pub(crate) async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let file = self.file(key)?;
        let deleted = self.blocking(move |root| {
            let _lock = lock(root)?;
            absent_is_fine(fs::remove_file(file)).map(|_| ())
        });
        deleted.await.map_err(|error| StoreError::failed("delete", key.as_ref(), error))
    }

    pub(crate) async fn list(&self, prefix: &Key) -> Result<Vec<String>, StoreError> {
        let below = self.file(prefix)?;
        let listed = self.blocking(move |root| {
            let mut keys = Vec::new();
            walk(root, &below, &mut keys).map(|()| keys)
        });
        listed.await.map_err(|error| StoreError::failed("list", prefix.as_ref(), error))
    }

    fn file(&self, key: &Key) -> Result<PathBuf, StoreError> {
        match key.parts().next() {
            Some(first) if first.as_ref() == OWN => Err(StoreError::Key(key.to_string())),
            _ => Ok(key.parts().fold(self.0.to_path_buf(), |file, part| file.join(part.as_ref()))),
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let root = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || work(&root)).await?
    }
}

fn version(body: &[u8]) -> Version {
    Version(Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn read(file: &Path) -> io::Result<Option<Vec<u8>>> {
    absent_is_fine(fs::read(file))
}

/// Writes the file if what is there is what is expected; says whether it was.
fn replace(root: &Path, file: &Path, body: &[u8], expect: &Expect) -> io::Result<bool> {
    let _lock = lock(root)?;
    let found = read(file)?.as_deref().map(version);
    let expected = match expect {
        Expect::Absent => None,
        Expect::Version(version) => Some(version),
    };
    if found.as_ref() != expected {
        return Ok(false);
    }
    let folder = file.parent().unwrap_or(root);
    fs::create_dir_all(folder)?;
    // One name is enough under the lock, and what a dead process left under it is overwritten.
    let written = root.join(OWN).join("writing");
    write(&written, body)?;
    fs::rename(&written, file)?;
    // The rename is on disk only when the folder is.
    File::open(folder)?.sync_all()?;
    Ok(true)
}

fn write(file: &Path, body: &[u8]) -> io::Result<()> {
    let mut file = File::create(file)?;
    file.write_all(body)?;
    file.sync_all()
}

/// Waits until no other writer is at work, here or in another process. Released when it is dropped.
fn lock(root: &Path) -> io::Result<File> {
    let own = root.join(OWN);
    fs::create_dir_all(&own)?;
    let file = File::options().write(true).create(true).truncate(false).open(own.join("lock"))?;
    file.lock()?;
    Ok(file)
}

/// The keys of all files below a folder.
fn walk(root: &Path, folder: &Path, keys: &mut Vec<String>) -> io::Result<()> {
    let Some(entries) = absent_is_fine(fs::read_dir(folder))? else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if path == root.join(OWN) {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, keys)?;
        } else if let Ok(relative) = path.strip_prefix(root) {
            let parts = relative.components().map(|part| part.as_os_str().to_string_lossy());
            keys.push(parts.collect::<Vec<_>>().join("/"));
        }
    }
    Ok(())
}

/// `None` for what is not there. A prefix that names a file holds nothing, either.
fn absent_is_fine<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
