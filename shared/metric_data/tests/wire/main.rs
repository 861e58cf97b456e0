//! GetMetricData and ListMetrics over the wire, against an emulator that speaks CloudWatch's protocol with its limits.

mod bench;
mod data;
mod listings;
mod troubles;
