import { table } from "../../src/cli/blocks.ts";
import { defineCommand, countOption, flagOption } from "../../src/cli/command.ts";
import { openNotify } from "../../src/cli/notify-place.ts";
import type { ToldMessage } from "../../src/notify/messages.ts";

export default defineCommand<ToldMessage[]>({
  description:
    "Shows what was told to whom, the latest first: delivered, waiting for another attempt, given " +
    "up (dead), or left out because the channel was sent too much (limited).",
  options: [
    { flags: "--open", summary: "Those alone that wait or were given up" },
    { flags: "--limit <count>", summary: "How many, the latest first", default: "20" },
  ],
  examples: [
    { line: "studio notify list", does: "what was told last" },
    { line: "studio notify list --open", does: "what did not arrive" },
  ],
  dryRun: "reads",
  exitCodes: [0, 2, 8],
  async run(context, input) {
    const limit = countOption(input, "limit");
    const { listMessages } = await import("../../src/notify/messages.ts");
    const open = flagOption(input, "open");
    return { result: listMessages(await openNotify(context), { open, limit }) };
  },
  human: (messages) => [
    table(
      ["AT", "LEVEL", "CHANNEL", "STATE", "MESSAGE", "WHY"],
      messages.map(({ at, level, channel, state, title, reason }) => [
        at,
        level,
        channel,
        state,
        title,
        reason ?? "",
      ]),
      "nothing was told yet",
    ),
  ],
});
