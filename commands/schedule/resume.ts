import { text } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";
import { openSchedule } from "../../src/cli/schedule-place.ts";
import type { PauseResult } from "../../src/schedule/pause.ts";

export default defineCommand<PauseResult>({
  description: "Lets a paused job run again from its next time on.",
  arguments: [{ name: "JOB", summary: "Its name", required: true }],
  examples: [{ line: "studio schedule resume cleanup", does: "run it again when it is due" }],
  exitCodes: [0, 2, 8],
  async run(context, input) {
    const { unpause } = await import("../../src/schedule/pause.ts");
    return { result: unpause(await openSchedule(context), input.arguments[0] ?? "") };
  },
  human: ({ job, changed }) => [text(`${job} ${changed ? "runs again" : "was not paused"}.`)],
});
