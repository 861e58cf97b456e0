//! All cases of the compliance tests, and what each comes to for a sender that does not scrape and speaks version 1.0.

const SCRAPER: &str = "about what a scraper makes of its page: `up`, `job`, `instance`, clashes";
const VERSION_2: &str = "about version 2.0 alone, which is refused by name";
const NONE_SENT: &str =
    "passes: metadata, exemplars, native histograms and start timestamps are not sent";
const HERE: &str = "looked at beside this list, where it is cited";

/// Every case, in groups, with what it comes to here.
const CASES: &[(&str, &[&str])] = &[
    (
        HERE,
        &[
            "Counter",
            "Gauge",
            "Histogram",
            "Summary",
            "SortedLabels",
            "RepeatedLabels",
            "EmptyLabels",
            "NameLabel",
            "Staleness",
            "Timestamp",
            "Headers",
            "Ordering",
            "Retries500",
            "Retries400",
            "content_type_protobuf",
            "content_encoding_snappy",
            "version_header_present",
            "user_agent_present",
            "snappy_block_format",
            "protobuf_parseable",
            "TestHTTPMethod",
            "float_value_encoding",
            "integer_value_encoding",
            "zero_value_encoding",
            "negative_value_encoding",
            "positive_infinity_encoding",
            "negative_infinity_encoding",
            "nan_encoding",
            "timestamp_milliseconds_format",
            "timestamp_recent",
            "multiple_samples_same_series",
            "large_float_values",
            "small_float_values",
            "scientific_notation",
            "precision_preservation",
            "TestSampleOrdering",
            "timestamp_int64_milliseconds",
            "timestamp_ordering_within_series",
            "timestamp_precision",
            "timestamp_future_values",
            "label_lexicographic_ordering",
            "metric_name_label_present",
            "metric_name_format_valid",
            "label_name_format_valid",
            "no_duplicate_label_names",
            "label_names_not_empty",
            "label_values_may_be_empty",
            "reserved_label_prefix",
            "unicode_in_label_values",
            "special_chars_in_label_values",
            "very_long_label_names",
            "very_long_label_values",
            "many_labels_per_series",
            "histogram_count_present",
            "histogram_sum_present",
            "histogram_buckets_ordered",
            "histogram_timestamp",
            "histogram_no_mixed_with_samples",
            "histogram_empty_buckets",
            "histogram_large_counts",
            "native_histogram_structure",
            "multiple_metric_types",
            "high_cardinality_labels",
            "complete_metric_family",
            "real_world_scenario",
            "multiple_series_per_request",
            "batch_size_reasonable",
            "handles_varying_cardinality",
            "TestConcurrentRequests",
            "huge_label_values",
            "unicode_in_labels",
            "many_timeseries",
            "high_cardinality",
            "very_long_metric_name",
            "special_float_combinations",
            "zero_timestamp",
            "future_timestamp",
            "metric_name_with_colons",
            "stale_marker",
            "mixed_sample_and_histogram_families",
            "TestRobustnessUnderLoad",
            "no_retry_on_400",
            "no_retry_on_401",
            "no_retry_on_404",
            "no_retry_on_413",
            "may_retry_on_429",
            "retry_on_500",
            "retry_on_502",
            "retry_on_503",
            "retry_on_504",
            "backoff_required",
            "exponential_backoff_on_retries",
            "backoff_max_delay",
            "backoff_with_jitter",
            "ignore_response_body_on_success",
            "process_written_count_headers",
            "handle_partial_write_response",
            "handle_missing_written_headers",
            "log_error_messages_verbatim",
            "handle_large_error_body",
            "handle_204_no_content",
            "handle_200_ok",
            "TestContentTypeNegotiation",
            "handle_connection_refused",
            "handle_timeout",
            "handle_partial_write",
            "handle_malformed_response",
            "sender_continues_after_errors",
            "handle_invalid_status_code",
            "handle_empty_response",
            "handle_large_error_response",
            "dns_resolution_failure",
            "invalid_url_scheme",
            "rw1_version_header",
            "rw1_content_type",
            "rw1_samples_encoding",
            "rw1_labels_encoding",
            "rw1_no_native_histograms",
            "rw1_symbol_table_not_used",
            "TestRemoteWrite1Configuration",
        ],
    ),
    (
        SCRAPER,
        &[
            "Up",
            "Invalid",
            "JobLabel",
            "InstanceLabel",
            "HonorLabels",
            "job_instance_labels_present",
            "empty_scrape",
        ],
    ),
    (
        VERSION_2,
        &[
            "content_type_with_proto_param",
            "version_header_value",
            "empty_string_at_index_zero",
            "string_deduplication",
            "labels_refs_valid_indices",
            "labels_refs_even_length",
            "TestSymbolTableEfficiency",
            "efficient_symbol_reuse",
            "fallback_on_415_unsupported_media_type",
            "retry_with_different_version",
            "fallback_header_changes",
            "accept_success_after_fallback",
            "persistent_fallback_choice",
            "TestNoFallbackOn2xx",
        ],
    ),
    (
        NONE_SENT,
        &[
            "start_timestamp_for_counters",
            "start_timestamp_for_histograms",
            "start_timestamp_zero_handling",
            "start_timestamp_before_sample_timestamp",
            "metadata_type_counter",
            "metadata_type_gauge",
            "metadata_type_histogram",
            "metadata_type_summary",
            "metadata_help_text",
            "metadata_unit",
            "metadata_help_with_newlines",
            "metadata_help_with_special_chars",
            "metadata_help_refs_valid",
            "metadata_consistent_across_series",
            "metadata_empty_help_allowed",
            "exemplar_with_trace_id",
            "exemplar_with_span_id",
            "exemplar_value_valid",
            "exemplar_timestamp_valid",
            "exemplar_labels_valid_refs",
            "exemplar_custom_labels",
            "exemplar_on_histogram",
            "exemplar_labels_even_length",
            "multiple_exemplars_per_series",
            "histogram_positive_buckets",
            "histogram_negative_buckets",
            "histogram_zero_bucket",
            "histogram_schema",
            "samples_with_metadata",
            "samples_with_exemplars",
            "histogram_with_metadata_and_exemplars",
            "mixed_labels_and_metadata",
            "metadata_batching",
            "rw1_no_start_timestamp",
            "rw1_metadata_handling",
        ],
    ),
];

/// The names in the first column of the tables of the corpus's list of cases. The corpus lies beside the repository, or
/// where `HOSTLESS_CORPUS` says; a clone alone has none.
#[expect(clippy::disallowed_methods, reason = "where the corpus lies is told to the tests alone")]
fn cases_of_the_corpus() -> Option<Vec<String>> {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus").into();
    let folder: std::path::PathBuf =
        std::env::var_os("HOSTLESS_CORPUS").map_or_else(beside, Into::into);
    let text = std::fs::read_to_string(folder.join("remote_write/compliance_cases.md")).ok()?;
    let name = |line: &str| line.strip_prefix("| ")?.split(" | ").next().map(str::to_owned);
    Some(
        text.lines()
            .filter_map(name)
            .filter(|name| !matches!(name.as_str(), "case" | "---"))
            .collect(),
    )
}

#[test]
fn every_case_has_its_place() {
    let mut known: Vec<_> = CASES.iter().flat_map(|(_, cases)| cases.iter().copied()).collect();
    known.sort_unstable();
    assert_eq!(known.len(), 176, "19 cases for 1.0 and 157 for 2.0");
    assert!(known.windows(2).all(|pair| pair[0] != pair[1]));
    let Some(mut corpus) = cases_of_the_corpus() else {
        eprintln!("corpus absent: remote_write/compliance_cases.md is not looked at");
        return;
    };
    corpus.sort_unstable();
    assert_eq!(known, corpus);
}
