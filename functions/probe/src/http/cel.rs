//! CEL expressions over the body of an answer. One thread drives all probes, and an expression over a large list takes long:
//! it is evaluated on another thread, one at a time, while neighbours go on.

use std::sync::Arc;

use crate::frame::{Failure, KeptBody, Probe, Reason};
use crate::module::{CelProgram, Http};

pub(super) async fn check(module: &Http, body: KeptBody, probe: &Probe<'_>) -> Result<(), Failure> {
    let programs = [
        (&module.fail_if_body_json_matches, true, "Body matched CEL expression"),
        (&module.fail_if_body_json_not_matches, false, "Body did not match CEL expression"),
    ];
    let body = Arc::new(body);
    for (program, is_bad, message) in programs {
        let Some(program) = program else { continue };
        let CelProgram { expression, .. } = program;
        let failed = |message: &str| {
            Failure::new(Reason::Cel, format!("{message} expression={expression:?}"))
        };
        let matches = evaluate(program.clone(), Arc::clone(&body), probe)
            .await?
            .map_err(|error| failed(&format!("Error evaluating CEL expression: {error}")))?;
        if matches == is_bad {
            return Err(failed(message));
        }
    }
    Ok(())
}

/// The outcome of an evaluation, or that the time was over. An evaluation that has begun cannot be stopped: it keeps its turn
/// and its body until it ends.
async fn evaluate(
    program: CelProgram,
    body: Arc<KeptBody>,
    probe: &Probe<'_>,
) -> Result<Result<bool, String>, Failure> {
    let turn = Arc::clone(&probe.equipment.evaluation).lock_owned();
    let turn = probe.within("wait for the CEL expressions of other probes", turn).await?;
    let evaluation = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        program.matches(body.bytes())
    });
    let ended = probe.within("evaluate the CEL expression", evaluation).await?;
    Ok(ended.unwrap_or_else(|_| Err("the evaluation broke off".to_owned())))
}
