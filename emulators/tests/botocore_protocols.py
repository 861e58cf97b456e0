"""Reads CloudWatch with botocore over the protocol named by the first argument; prints what it got as JSON.

botocore chooses one of a service's protocols by itself; here it is told which, so that its own CBOR, JSON and XML
parsers all read the emulator's answers.
"""

import json
import sys

import botocore.model
import botocore.session

protocol, distribution, start, end = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
botocore.model.ServiceModel.resolved_protocol = property(lambda _: protocol)
client = botocore.session.get_session().create_client("cloudwatch", region_name="us-east-1")


def query(name, metric, statistic):
    dimensions = [{"Name": "DistributionId", "Value": distribution}, {"Name": "Region", "Value": "Global"}]
    metric = {"Namespace": "AWS/CloudFront", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": 60, "Stat": statistic}}


queries = [query("requests", "Requests", "Sum"), query("latency", "OriginLatency", "p90")]
points = {}
pages = 0
for page in client.get_paginator("get_metric_data").paginate(
    MetricDataQueries=queries,
    StartTime=start,
    EndTime=end,
    ScanBy="TimestampAscending",
    PaginationConfig={"PageSize": 7},
):
    pages += 1
    for result in page["MetricDataResults"]:
        read = zip(result["Timestamps"], result["Values"])
        points.setdefault(result["Id"], []).extend([int(time.timestamp()), value] for time, value in read)
metrics = client.list_metrics(Namespace="AWS/CloudFront", MetricName="Requests")["Metrics"]
try:
    client.get_metric_data(MetricDataQueries=queries, StartTime=end, EndTime=start)
    error = None
except client.exceptions.ClientError as refusal:
    error = refusal.response["Error"]["Code"]
print(json.dumps({"points": points, "pages": pages, "metrics": len(metrics), "error": error}))
