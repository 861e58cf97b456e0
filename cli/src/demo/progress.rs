//! One line that tells what is going on while it goes on, on a terminal only.

use std::io::{Write, stdout};

/// The line; it is gone when this is dropped.
pub(super) struct Progress {
    live: bool,
}

impl Progress {
    /// A line where `live`, else nothing at all.
    pub(super) fn new(live: bool) -> Self {
        Self { live }
    }

    /// Writes the line anew. It has to fit into a terminal's width, or it could not be taken back.
    pub(super) fn show(&self, text: &str) {
        self.write(&format!("\r\x1b[K{text}"));
    }

    fn write(&self, text: &str) {
        if self.live {
            let mut out = stdout();
            // A terminal that went away is noticed when there is a result to print.
            drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.write("\r\x1b[K");
    }
}
