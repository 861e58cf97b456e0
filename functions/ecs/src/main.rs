//! The Lambda function `ecs`. Wires, nothing else.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::LambdaError> {
    runtime::serve::<ecs::Ecs>().await
}
