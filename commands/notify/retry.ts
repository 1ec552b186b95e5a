import { text } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";
import { openNotify } from "../../src/cli/notify-place.ts";
import { StudioError, exitCodes } from "../../src/errors.ts";
import type { Retried } from "../../src/notify/messages.ts";

export default defineCommand<Retried>({
  description:
    "Tries at once to deliver the messages that wait for another attempt or were given up.",
  examples: [{ line: "studio notify retry", does: "after the channel was mended" }],
  exitCodes: [0, 2, 4, 8],
  async run(context) {
    const { retryMessages } = await import("../../src/notify/messages.ts");
    const result = await retryMessages(await openNotify(context));
    if (result.undelivered.length === 0) return { result };
    return { result, exitCode: exitCodes.checkFailed, error: failure(result) };
  },
  human: ({ tried, undelivered }) => [
    text(
      tried === 0
        ? "Nothing waits."
        : `${tried - undelivered.length} of ${tried} messages were delivered.`,
    ),
  ],
});

function failure({ undelivered }: Retried): StudioError {
  const why = new Set(undelivered.map(({ channel, reason }) => `${channel} (${reason})`));
  return new StudioError({
    code: "notify.undelivered",
    message: `Not delivered: ${[...why].join(", ")}.`,
    hint: "`studio notify test` tries each channel, `studio notify list --open` shows the messages.",
    exitCode: exitCodes.checkFailed,
  });
}
