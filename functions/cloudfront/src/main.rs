//! The Lambda function `cloudfront`. Wires, nothing else.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::LambdaError> {
    runtime::serve::<cloudfront::CloudFront>().await
}
