import { text } from "../src/cli/blocks.ts";
import {
  type Input,
  type Outcome,
  defineCommand,
  flagOption,
  lockWaitOption,
  messageOption,
  textOption,
} from "../src/cli/command.ts";
import type { Context } from "../src/cli/context.ts";
import { runPlanBlocks, volumeLines } from "../src/cli/deploy-view.ts";
import type { DetachedEnd, EndPlanView } from "../src/deploy/detach.ts";
import type { DownPlanView, DownResult } from "../src/deploy/down.ts";
import type { Workplace } from "../src/deploy/workplace.ts";
import { StudioError, exitCodes, usageError } from "../src/errors.ts";

type Result = DownResult | DetachedEnd | { plan: DownPlanView | EndPlanView };

export default defineCommand<Result>({
  description:
    "Lets the current release finish its requests, then ends it. Data and backups stay; `up` " +
    "starts the same release again. With --volumes the stack's own volumes go too, for good, " +
    "after a yes. Where nothing was deployed, the daemon that `serve --detach` started ends so.",
  options: [
    {
      flags: "--volumes",
      summary: "Remove the stack's own volumes, with all that they hold; asks first",
    },
    {
      flags: "--detached",
      summary: "End the daemon that `serve --detach` started, and no release",
    },
    messageOption,
    lockWaitOption,
  ],
  examples: [
    { line: 'studio down -m "disk change"', does: "stop, and say why" },
    {
      line: "studio down --volumes --dry-run --env staging",
      does: "see which volumes would go, and what backup there is",
    },
    { line: "studio down --detached", does: "end the daemon that `serve --detach` started" },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 3, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const { takeDown, previewDown } = await import("../src/deploy/down.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const message = textOption(input, "message") ?? null;
    if (flagOption(input, "volumes")) return downWithVolumes(context, input, place);
    const { isDaemonAlone } = await import("../src/deploy/detached-daemon.ts");
    const { dryRun } = context.options;
    if (flagOption(input, "detached") || isDaemonAlone(place.desk)) {
      const { endDetached, previewEnd } = await import("../src/deploy/detach.ts");
      return { result: dryRun ? { plan: previewEnd(place) } : await endDetached(place, message) };
    }
    if (dryRun) return { result: { plan: await previewDown(place, false) } };
    const result = await takeDown(place, message, null);
    for (const warning of result.warnings) context.output.warn(warning);
    return { result };
  },
  human(result) {
    if ("plan" in result) return runPlanBlocks(result.plan);
    if ("daemon" in result) return [text(`The daemon on ${result.url} was ended.`)];
    const { release, changed, volumes } = result;
    const removed = volumes?.removed ?? [];
    return [
      text(`Release ${release} ${changed ? "was taken down" : "was down already"}.`),
      ...(removed.length === 0
        ? []
        : [
            text(`Removed for good: ${removed.join(", ")}.`),
            text(
              "`studio deploy` begins with empty ones; `studio backup restore latest --database` then puts the database back.",
            ),
          ]),
    ];
  },
});

async function downWithVolumes(
  context: Context,
  input: Input,
  place: Workplace,
): Promise<Outcome<Result>> {
  if (flagOption(input, "detached")) {
    throw usageError("--detached ends a daemon, which has no volumes.", "Leave --volumes away.");
  }
  const { takeDown, previewDown } = await import("../src/deploy/down.ts");
  const plan = await previewDown(place, true);
  if (context.options.dryRun) return { result: { plan } };
  const names = plan.volumes?.own.map(({ name }) => name) ?? [];
  if (plan.volumes !== null) {
    for (const line of volumeLines(plan.volumes)) context.output.message(line);
  }
  if (names.length > 0) {
    const question = `Take "${place.desk.environment}" down and remove ${names.join(", ")} for good?`;
    const sure = await context.prompt.confirm(question, "--yes");
    if (!sure) throw usageError("Nothing was changed.");
  }
  const result = await takeDown(place, textOption(input, "message") ?? null, names);
  for (const warning of result.warnings) context.output.warn(warning);
  const left = result.volumes?.left ?? [];
  if (left.length === 0) return { result };
  const error = new StudioError({
    code: "volumes.left",
    message: `Still there: ${left.map(({ name, reason }) => `${name} (${reason})`).join("; ")}.`,
    hint: "`studio down --volumes` tries again.",
    exitCode: exitCodes.incomplete,
  });
  return { result, error, exitCode: error.exitCode };
}
