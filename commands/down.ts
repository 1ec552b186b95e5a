import { text } from "../src/cli/blocks.ts";
import {
  defineCommand,
  flagOption,
  lockWaitOption,
  messageOption,
  textOption,
} from "../src/cli/command.ts";
import { runPlanBlocks } from "../src/cli/deploy-view.ts";
import type { DetachedEnd, EndPlanView } from "../src/deploy/detach.ts";
import type { RunPlanView, RunResult } from "../src/deploy/run-release.ts";

export default defineCommand<RunResult | DetachedEnd | { plan: RunPlanView | EndPlanView }>({
  description:
    "Lets the current release finish its requests, then ends it. Data and backups stay; `up` " +
    "starts the same release again. Where nothing was deployed, the daemon that `serve --detach` " +
    "started ends so.",
  options: [
    {
      flags: "--detached",
      summary: "End the daemon that `serve --detach` started, and no release",
    },
    messageOption,
    lockWaitOption,
  ],
  examples: [
    { line: 'studio down -m "disk change"', does: "stop, and say why" },
    { line: "studio down --detached", does: "end the daemon that `serve --detach` started" },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 3, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { takeDown, previewRun } = await import("../src/deploy/run-release.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const message = textOption(input, "message") ?? null;
    const { isDaemonAlone } = await import("../src/deploy/detached-daemon.ts");
    const { dryRun } = context.options;
    if (flagOption(input, "detached") || isDaemonAlone(place.desk)) {
      const { endDetached, previewEnd } = await import("../src/deploy/detach.ts");
      return { result: dryRun ? { plan: previewEnd(place) } : await endDetached(place, message) };
    }
    if (dryRun) return { result: { plan: await previewRun(place, "down") } };
    return { result: await takeDown(place, message) };
  },
  human(result) {
    if ("plan" in result) return runPlanBlocks(result.plan);
    if ("daemon" in result) return [text(`The daemon on ${result.url} was ended.`)];
    const { release, changed } = result;
    return [text(`Release ${release} ${changed ? "was taken down" : "was down already"}.`)];
  },
});
