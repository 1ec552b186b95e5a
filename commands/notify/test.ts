import { table } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";
import { openNotify } from "../../src/cli/notify-place.ts";
import { StudioError, exitCodes } from "../../src/errors.ts";
import type { TestedChannel } from "../../src/notify/test-channels.ts";

export default defineCommand<TestedChannel[]>({
  description:
    "Sends a message to one channel, or to each, whatever the routes say: exit code 4 where one " +
    "does not take it.",
  arguments: [{ name: "CHANNEL", summary: "One alone" }],
  examples: [
    { line: "studio notify test", does: "see that every channel works" },
    { line: "studio notify test ops --env production", does: "one of them, from that environment" },
  ],
  exitCodes: [0, 2, 4],
  async run(context, input) {
    const { testChannels } = await import("../../src/notify/test-channels.ts");
    const result = await testChannels(await openNotify(context), input.arguments[0] ?? null);
    const wrong = result.filter(({ ok }) => !ok);
    if (wrong.length === 0) return { result };
    return { result, exitCode: exitCodes.checkFailed, error: failure(wrong) };
  },
  human: (channels) => [
    table(
      ["CHANNEL", "STATE", "WHY"],
      channels.map(({ channel, ok, reason }) => [
        channel,
        ok ? "delivered" : "failed",
        reason ?? "",
      ]),
      "no channels",
    ),
  ],
});

function failure(wrong: readonly TestedChannel[]): StudioError {
  return new StudioError({
    code: "notify.undelivered",
    message: `Not delivered: ${wrong.map(({ channel, reason }) => `${channel} (${reason})`).join(", ")}.`,
    hint: "notify.channels in studio.yaml says where messages go. `studio config show --origin` shows it.",
    exitCode: exitCodes.checkFailed,
  });
}
