//! W5: SIGKILL with many that wait and some whose call is under way; how soon it works again.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use yiwang_bench::process;

use crate::bench::{Bench, completed};
use crate::closed::{Length, closed};
use crate::parked::park;
use crate::target::Target;

/// Longest wait for the calls to be made, and to be made again.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);

/// Kills the server and brings it back.
///
/// # Errors
/// When an instance is lost, or its call is not made again.
pub(crate) fn run(bench: &mut Bench) -> Result<()> {
    let mut fresh = bench.fresh()?;
    let (parked, held) = (bench.plan.parked, bench.plan.held);
    park(bench, &fresh.target, "parked", parked)?;
    let (ids, _) = park(bench, &fresh.target, "held", held)?;
    calls(bench, held)?;
    fresh.server.kill()?;
    let began = Instant::now();
    let ready = fresh.server.restart()?;
    let target = Target { pid: fresh.server.pid(), ..fresh.target.clone() };
    let request = target.run("one-step");
    let once = closed(target.address, 1, Length::Count(1), async |connection, _| {
        connection.exchange(&request).await
    });
    bench.clients.block_on(once)?.whole()?;
    let worked = began.elapsed();
    calls(bench, 2 * held)?;
    let again = began.elapsed();
    let memory = process::resident_mib(target.pid);
    bench.stub.release();
    let ends = closed(target.address, held.min(32), Length::Count(held), async |connection, at| {
        let answer = connection.exchange(&target.ended(&ids[at])).await?;
        if answer.ok() {
            completed(&answer.body)?;
        }
        Ok(answer)
    });
    bench.clients.block_on(ends)?.whole()?;
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    bench.report.line(
        &format!("W5 SIGKILL, {parked} parked, {held} in flight"),
        format!(
            "after the start of the process: ready {:.0} ms, first new workflow at its end {:.0} ms, all calls made again {:.0} ms; {memory:.0} MiB resident",
            ms(ready),
            ms(worked),
            ms(again)
        ),
        &[
            ("readyMs", ms(ready)),
            ("firstWorkflowMs", ms(worked)),
            ("calledAgainMs", ms(again)),
            ("residentMib", memory),
        ],
    );
    Ok(())
}

/// Waits until so many calls have come that are not answered.
fn calls(bench: &Bench, count: usize) -> Result<()> {
    let began = Instant::now();
    while bench.stub.held() < count {
        ensure!(began.elapsed() < PATIENCE, "only {} of {count} calls came", bench.stub.held());
        sleep(LOOK);
    }
    Ok(())
}
