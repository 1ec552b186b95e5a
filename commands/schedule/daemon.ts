import { defineCommand } from "../../src/cli/command.ts";
import { openSchedule } from "../../src/cli/schedule-place.ts";

export default defineCommand<null>({
  description:
    "Runs the jobs when they are due, in the foreground, until it is told to end by SIGTERM or " +
    "SIGINT; jobs that run then go on. Beside cron or another daemon nothing runs twice. It reads " +
    "studio.yaml once: start it again after a change.",
  examples: [{ line: "studio schedule daemon", does: "where there is neither cron nor systemd" }],
  exitCodes: [0, 2, 8],
  output: "lines",
  async run(context) {
    const { runDaemon } = await import("../../src/schedule/backends/daemon.ts");
    const { keepNurserySmall } = await import("../../src/small-nursery.ts");
    const { startJob } = await import("../../src/schedule/backends/start-job.ts");
    keepNurserySmall();
    const place = await openSchedule(context);
    await runDaemon({
      place,
      signal: context.signal,
      start: (job) => startJob(place, job, context.env),
      tell: (event) =>
        context.output.line(JSON.stringify({ time: context.now().toISOString(), ...event })),
    });
    return { result: null };
  },
});
