import { text } from "../../src/cli/blocks.ts";
import { defineCommand, messageOption, textOption } from "../../src/cli/command.ts";
import { openSchedule } from "../../src/cli/schedule-place.ts";
import type { PauseResult } from "../../src/schedule/pause.ts";

export default defineCommand<PauseResult>({
  description:
    "Skips what is due of a job until it is resumed, whatever runs it. A run that goes on is not " +
    "ended, and `schedule run` still runs it.",
  arguments: [{ name: "JOB", summary: "Its name", required: true }],
  options: [messageOption],
  examples: [{ line: "studio schedule pause cleanup", does: "keep all snapshots for now" }],
  exitCodes: [0, 2, 8],
  async run(context, input) {
    const { pause } = await import("../../src/schedule/pause.ts");
    const place = await openSchedule(context);
    const { user: by } = await context.desk();
    const reason = textOption(input, "message") ?? null;
    return { result: pause(place, input.arguments[0] ?? "", { by, reason }) };
  },
  human: ({ job, changed }) => [text(`${job} is paused${changed ? "" : ", as it was before"}.`)],
});
