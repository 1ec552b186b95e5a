import { text } from "../src/cli/blocks.ts";
import { defineCommand, lockWaitOption, messageOption, textOption } from "../src/cli/command.ts";
import type { MaintenanceResult } from "../src/deploy/maintenance.ts";
import { usageError } from "../src/errors.ts";

export default defineCommand<MaintenanceResult>({
  description:
    "Lets the release that serves tell its callers to come back later (503 with Retry-After, a page " +
    "for browsers), once it has answered what it began. Its private socket goes on answering.",
  arguments: [{ name: "STATE", summary: "on or off", required: true, complete: ["on", "off"] }],
  options: [messageOption, lockWaitOption],
  examples: [
    { line: 'studio maintenance on -m "moving the disk"', does: "put up the maintenance page" },
    { line: "studio maintenance off", does: "serve again" },
  ],
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const [state = ""] = input.arguments;
    if (state !== "on" && state !== "off") throw usageError("Say on or off.");
    const { setMaintenance } = await import("../src/deploy/maintenance.ts");
    const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
    const message = textOption(input, "message") ?? null;
    return { result: await setMaintenance(place, state === "on", message) };
  },
  human: ({ url, on, changed }) => [
    text(
      `${url} ${on ? "tells callers to come back later" : "serves"}${changed ? "" : ", as it did before"}.`,
    ),
  ],
});
