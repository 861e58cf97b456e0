//! Cases that tests are given, and where they lie: the [`corpus`] of other projects' test data, and the [`seeds`] of the fuzz
//! targets. For tests of any crate; knows none of them.

pub mod corpus;
pub mod seeds;
