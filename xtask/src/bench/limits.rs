//! What the functions hold at most: the end-to-end tests in `tests/e2e/limits`, with the figures that they print.

use anyhow::Result;

use crate::run::Workspace;
use crate::test;

/// Builds the functions as Lambda runs them, and runs these tests alone, one after the other.
pub(crate) fn bench(workspace: &Workspace) -> Result<()> {
    test::lambda(workspace)?;
    let only = ["-p", "tests", "-E", "test(limits::)", "--test-threads", "1", "--no-capture"];
    test::end_to_end(workspace, &only).run()
}
