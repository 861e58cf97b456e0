//! Metric and label names, as [YACE](https://github.com/prometheus-community/yet-another-cloudwatch-exporter) makes them
//! of CloudWatch's: dashboards made for its series find ours.
//!
//! Knows the rules, and no CloudWatch namespace or metric by name.

/// The name of the series of a CloudWatch metric: `AWS/CloudFront`, `4xxErrorRate`, `Average` become
/// `aws_cloudfront_4xx_error_rate_average`. An empty statistic adds nothing.
pub fn metric_name(namespace: &str, metric: &str, statistic: &str) -> String {
    let namespace = snake_case(&namespace.to_lowercase());
    // Some namespaces begin with a slash: /aws/sagemaker/TrainingJobs.
    let namespace = namespace.strip_prefix('_').unwrap_or(&namespace);
    let metric = snake_case(metric);
    // Some metrics repeat their namespace: Glue's are glue.driver.…
    let metric = namespace
        .split('_')
        .fold(metric.as_str(), |metric, part| metric.strip_prefix(part).unwrap_or(metric));
    let metric = metric.strip_prefix('_').unwrap_or(metric);
    let prefix = if namespace.starts_with("aws") { "" } else { "aws_" };
    let mut name = format!("{prefix}{namespace}_{metric}");
    if !statistic.is_empty() {
        name.push('_');
        name.push_str(&snake_case(statistic));
    }
    name
}

/// The name of the series that tells of the resources of a namespace: `aws_cloudfront_info`.
pub fn info_name(namespace: &str) -> String {
    metric_name(namespace, "info", "")
}

/// The label of a dimension, `dimension_DistributionId`; None if its name makes no label name.
pub fn dimension_label(dimension: &str) -> Option<String> {
    label_name(dimension).map(|name| format!("dimension_{name}"))
}

/// The label of a tag, `tag_Environment`; None if its key makes no label name.
pub fn tag_label(key: &str) -> Option<String> {
    label_name(key).map(|name| format!("tag_{name}"))
}

/// A tag key or dimension as (the rest of) a label name, in its own case; None if it makes no label name.
pub fn label_name(text: &str) -> Option<String> {
    let mut name = String::with_capacity(text.len());
    for c in text.chars() {
        push_replaced(c, &mut name);
    }
    is_label_name(&name).then_some(name)
}

/// The same in snake case, as with YACE's `-labels-snake-case`.
pub fn snake_label_name(text: &str) -> Option<String> {
    let name = snake_case(text);
    is_label_name(&name).then_some(name)
}

/// YACE's snake case: an underscore where an upper-case letter follows a lower-case letter or a digit, so that
/// `CPUUtilization` is `cpuutilization` and `5XX` is `5_xx`.
pub fn snake_case(text: &str) -> String {
    let mut name = String::with_capacity(text.len() + 8);
    let mut previous = None;
    for c in text.chars() {
        if c.is_uppercase() && previous.is_some_and(|c: char| c.is_lowercase() || c.is_numeric()) {
            name.push('_');
        }
        // The first of its lower-case characters, since Go maps one to one.
        push_replaced(c.to_lowercase().next().unwrap_or(c), &mut name);
        previous = Some(c);
    }
    name
}

/// Whether a metric can have this name in every version of Prometheus.
pub fn is_metric_name(name: &str) -> bool {
    is_name(name, |byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':'))
}

/// Whether a label can have this name in every version of Prometheus.
pub fn is_label_name(name: &str) -> bool {
    is_name(name, |byte| byte.is_ascii_alphabetic() || byte == b'_')
}

fn is_name(name: &str, is_first: impl Fn(u8) -> bool) -> bool {
    name.bytes().next().is_some_and(&is_first)
        && name.bytes().all(|byte| is_first(byte) || byte.is_ascii_digit())
}

/// Appends what stands for a character in a name. Some that no name can hold are left, and make it invalid: YACE
/// leaves such labels out instead of guessing.
fn push_replaced(c: char, name: &mut String) {
    match c {
        ' ' | ',' | '\t' | '/' | '\\' | '.' | '-' | ':' | '=' | '@' | '<' | '>' | '(' | ')'
        | '“' => {
            name.push('_');
        }
        '%' => name.push_str("_percent"),
        c => name.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_named_as_yace_names_them() {
        for (namespace, metric, statistic, expected) in [
            ("AWS/CloudFront", "Requests", "Sum", "aws_cloudfront_requests_sum"),
            ("AWS/CloudFront", "4xxErrorRate", "Average", "aws_cloudfront_4xx_error_rate_average"),
            ("AWS/CloudFront", "OriginLatency", "p99.9", "aws_cloudfront_origin_latency_p99_9"),
            ("AWS/ECS", "CPUUtilization", "SampleCount", "aws_ecs_cpuutilization_sample_count"),
            ("CWAgent", "mem_used_percent", "Average", "aws_cwagent_mem_used_percent_average"),
            ("/aws/sagemaker/X", "CPUUtilization", "", "aws_sagemaker_x_cpuutilization"),
            ("Glue", "glue.driver.bytesRead", "Sum", "aws_glue_driver_bytes_read_sum"),
            ("Glue", "aggregate.glue.bytes", "Sum", "aws_glue_aggregate_glue_bytes_sum"),
            ("AWS/Kafka", "KafkaDataLogs", "Sum", "aws_kafka_data_logs_sum"),
            ("AWS/EBS", "Ops", "TM(25%:75%)", "aws_ebs_ops_tm_25_percent_75_percent_"),
            ("AWS/ApplicationELB", "HTTPCode_5XX", "Sum", "aws_applicationelb_httpcode_5_xx_sum"),
        ] {
            assert_eq!(metric_name(namespace, metric, statistic), expected);
        }
        assert_eq!(info_name("AWS/CloudFront"), "aws_cloudfront_info");
    }

    #[test]
    fn a_label_keeps_its_case_unless_asked() {
        assert_eq!(
            label_name("aws:cloudformation/stack-name").as_deref(),
            Some("aws_cloudformation_stack_name")
        );
        assert_eq!(label_name("IHaveA%Sign").as_deref(), Some("IHaveA_percentSign"));
        assert_eq!(snake_label_name("labelName").as_deref(), Some("label_name"));
        assert_eq!(dimension_label("DistributionId").as_deref(), Some("dimension_DistributionId"));
        assert_eq!(tag_label("env").as_deref(), Some("tag_env"));
    }

    #[test]
    fn what_makes_no_label_name_is_left_out() {
        for text in ["invalidChars@$", "", "1st", "環境", "a\nb"] {
            assert_eq!(label_name(text), None, "{text}");
            assert_eq!(snake_label_name(text), None, "{text}");
            assert_eq!(tag_label(text), None, "{text}");
        }
    }

    #[test]
    fn names_of_every_version() {
        assert!(is_metric_name("job:up:sum") && !is_label_name("job:up:sum"));
        assert!(is_metric_name("_a1") && is_label_name("_a1"));
        for text in ["", "1a", "a-b", "é"] {
            assert!(!is_metric_name(text) && !is_label_name(text), "{text}");
        }
    }
}
