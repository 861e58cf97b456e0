//! The Lambda function `probe`. Wires, nothing else.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::LambdaError> {
    runtime::serve::<probe::Probe>().await
}
