//! What one task uses in one minute: the source of all of its metrics, so that they fit together.

use super::ending::Ending;
use super::life::Life;
use super::workload::Container;
use crate::traffic::noise::Noise;
use crate::traffic::time_of_day;

/// A leaking task fills its memory within so many seconds.
const LEAK_SECONDS: f64 = 900.0;

/// One task's minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage<'a> {
    life: &'a Life<'a>,
    /// Of the reserved CPU, from 0 to 1.
    cpu_share: f64,
    /// Of the reserved memory, from 0 to 1.
    memory_share: f64,
    /// What a minute has of traffic, around 1.
    load: f64,
    noise: Noise,
    minute: i64,
}

impl<'a> Usage<'a> {
    pub(super) fn of(life: &'a Life<'a>, minute: i64) -> Self {
        let typical = Noise::seeded(life.service.unwrap_or(&life.definition.family));
        let noise = Noise::seeded(&life.id);
        let load = time_of_day(&typical, minute)
            * noise.between(0.8, 1.25, "task", 0)
            * noise.between(0.85, 1.15, "load", minute);
        let memory =
            typical.between(0.35, 0.6, "memory", 0) * noise.between(0.95, 1.05, "memory", minute);
        Self {
            life,
            cpu_share: typical.between(0.1, 0.4, "cpu", 0) * load,
            memory_share: memory + (0.99 - memory) * leaked(life, minute),
            load,
            noise,
            minute,
        }
    }

    /// A metric of the task.
    pub(super) fn of_task(&self, metric: &str) -> Option<f64> {
        let is_fargate = self.life.launch_type == "FARGATE";
        match metric {
            "CpuUtilized" => Some(self.cpu_share * self.cpu_reserved()),
            "CpuReserved" => Some(self.cpu_reserved()),
            "MemoryUtilized" => Some(self.memory_share * self.memory_reserved()),
            "MemoryReserved" => Some(self.memory_reserved()),
            "CPUUtilization" | "TaskCpuUtilization" => Some(100.0 * self.cpu_share),
            "MemoryUtilization" | "TaskMemoryUtilization" => Some(100.0 * self.memory_share),
            "NetworkRxBytes" => Some(self.rate(20_000.0, "rx")),
            "NetworkTxBytes" => Some(self.rate(60_000.0, "tx")),
            "StorageReadBytes" => Some(self.rate(3_000.0, "read")),
            "StorageWriteBytes" => Some(self.rate(9_000.0, "write")),
            "EphemeralStorageReserved" => is_fargate.then_some(GIGABYTES),
            "EphemeralStorageUtilized" => is_fargate.then(|| self.ephemeral_share() * GIGABYTES),
            "TaskEphemeralStorageUtilization" => is_fargate.then(|| 100.0 * self.ephemeral_share()),
            _ => None,
        }
    }

    /// A metric of one of the task's containers.
    pub(super) fn of_container(&self, container: &Container, metric: &str) -> Option<f64> {
        let Container { name: _, share, health_check } = container;
        let of_task = |metric| self.of_task(metric).map(|value| value * share);
        match metric {
            "ContainerCpuUtilized" => of_task("CpuUtilized"),
            "ContainerCpuReserved" => of_task("CpuReserved"),
            "ContainerCpuUtilization" => self.of_task("TaskCpuUtilization"),
            "ContainerMemoryUtilized" => of_task("MemoryUtilized"),
            "ContainerMemoryReserved" => of_task("MemoryReserved"),
            "ContainerMemoryUtilization" => self.of_task("TaskMemoryUtilization"),
            "ContainerStorageReadBytes" => of_task("StorageReadBytes"),
            "ContainerStorageWriteBytes" => of_task("StorageWriteBytes"),
            "UnHealthyContainerHealthStatus" => health_check.then(|| f64::from(self.is_ill())),
            _ => None,
        }
    }

    /// Whether it runs on an EC2 instance of the cluster.
    pub(super) fn is_on_ec2(&self) -> bool {
        self.life.instance.is_some_and(|instance| !instance.is_external())
    }

    /// CPU units.
    pub(super) fn cpu_reserved(&self) -> f64 {
        self.life.definition.cpu.into()
    }

    /// MiB.
    pub(super) fn memory_reserved(&self) -> f64 {
        self.life.definition.memory.into()
    }

    /// Bytes a second.
    fn rate(&self, typical: f64, what: &str) -> f64 {
        (typical * self.load * self.noise.between(0.7, 1.3, what, self.minute)).floor()
    }

    fn ephemeral_share(&self) -> f64 {
        self.noise.between(0.05, 0.15, "ephemeral", 0)
    }

    /// The health check fails for two minutes before the task is stopped for it.
    fn is_ill(&self) -> bool {
        self.life.end.as_ref().is_some_and(|end| {
            end.ending == Ending::ContainerHealthCheck
                && end.stopping_ms < (self.minute + 180) * 1000
        })
    }
}

/// What Fargate gives a task unless it asks for more.
const GIGABYTES: f64 = 20.0;

/// How much of the free memory a task has lost by the end of a minute, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of some minutes")]
fn leaked(life: &Life<'_>, minute: i64) -> f64 {
    let Some(end) = life.end.as_ref().filter(|end| end.ending == Ending::OutOfMemory) else {
        return 0.0;
    };
    let left = (end.stopping_ms - (minute + 60) * 1000) as f64 / 1000.0;
    (1.0 - left / LEAK_SECONDS).clamp(0.0, 1.0)
}
