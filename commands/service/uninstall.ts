import { text } from "../../src/cli/blocks.ts";
import { defineCommand, textOption } from "../../src/cli/command.ts";
import type { ServiceResult } from "../../src/service/install.ts";

interface Result {
  removed: ServiceResult[];
  dryRun: boolean;
}

export default defineCommand<Result>({
  description: "Removes what `service install` made. The release that serves goes on serving.",
  options: [
    {
      flags: "--target <target>",
      summary: "systemd or crontab (default: both)",
      complete: ["systemd", "crontab"],
    },
  ],
  examples: [{ line: "studio service uninstall", does: "start nothing at boot any more" }],
  dryRun: "plans",
  exitCodes: [0, 2, 5, 6, 8],
  async run(context, input) {
    const { readServiceTarget, uninstallService } = await import("../../src/service/install.ts");
    const { describeService } = await import("../../src/service/service.ts");
    const { packageRoot } = await import("../../src/package-root.ts");
    const { homedir } = await import("node:os");
    const { dryRun } = context.options;
    const results = await uninstallService({
      service: describeService(await context.project(), process.execPath, packageRoot),
      target: readServiceTarget(textOption(input, "target")),
      dryRun,
      env: context.env,
      home: context.env["HOME"] ?? homedir(),
    });
    return { result: { removed: results.filter((one) => one.present), dryRun } };
  },
  human: ({ removed, dryRun }) =>
    removed.length === 0
      ? [text("Nothing was installed.")]
      : removed.map(({ place }) =>
          text(dryRun ? `Would be removed from ${place}.` : `Removed from ${place}.`, "good"),
        ),
});
